"""The reference: what every operation takes, answers and refuses, drawn from the operations themselves."""
