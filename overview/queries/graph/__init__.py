"""The graph that operators watch: who is here, what is in hand and who wrote to whom, now or at any instant of the log."""

from overview.queries.graph.moves import Move, moves
from overview.queries.graph.now import graph_now
from overview.queries.graph.past import graph_after, graph_at, instant_of
from overview.queries.graph.shapes import Edge, Graph, Node, Work
from overview.queries.graph.traffic import Traffic, traffic

__all__ = [
    "Edge",
    "Graph",
    "Move",
    "Node",
    "Traffic",
    "Work",
    "graph_after",
    "graph_at",
    "graph_now",
    "instant_of",
    "moves",
    "traffic",
]
