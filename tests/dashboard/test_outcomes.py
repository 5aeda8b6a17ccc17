"""What an operator did is said in words, also who was left out."""

from dashboard.outcomes import told


def test_outcome_says_who_was_left_out_and_why(workspace, operator, alice, bob, carol, enrol, do):
    gone = "gone-agent"
    enrol(gone, quiet=None)
    answer = do("message_create", operator, to="broadcast", subject="Hello", body="")
    assert (
        told("message_create", answer)
        == "Sent to 2 agents, carol was left out (quiet), gone-agent was left out (offline)"
    )
    assert told("message_create", do("message_create", operator, to="bob", subject="Hi", body="")) == "Sent to bob"
