"""The same key gives the same answer once; another order under it is refused."""

import pytest

from bus.errors import Conflict, InvalidInput
from bus.models import Event, Message, StoredAnswer

pytestmark = pytest.mark.django_db

ORDER = {"to": "bob", "subject": "Once", "body": "Only", "idempotency_key": "k-1"}


def test_a_repeat_gets_the_first_answer_and_writes_nothing(do, alice, bob):
    first = do("message_create", alice, **ORDER)
    before = Event.objects.count()
    again = do("message_create", alice, **ORDER)
    assert (again.message, again.duplicate, first.duplicate) == (first.message, True, None)
    assert (Message.objects.count(), Event.objects.count()) == (1, before)


def test_another_order_under_the_same_key_is_refused(do, alice, bob):
    do("message_create", alice, **ORDER)
    with pytest.raises(Conflict) as refused:
        do("message_create", alice, **(ORDER | {"body": "Other"}))
    assert refused.value.details["idempotency_key"] == "k-1"


def test_a_refusal_is_not_stored(do, alice, bob):
    with pytest.raises(InvalidInput):
        do("message_create", alice, **(ORDER | {"to": None}))
    assert do("message_create", alice, **ORDER).duplicate is None


def test_keys_of_different_agents_do_not_meet(do, alice, bob, carol):
    do("message_create", alice, **ORDER)
    assert do("message_create", carol, **ORDER).duplicate is None


def test_a_new_key_of_an_agent_is_never_stored(do, operator, workspace):
    order = {"name": "dora", "idempotency_key": "mint-1"}
    first = do("agent_create", operator, **order)
    again = do("agent_create", operator, **order)
    assert first.key.startswith("nxs_")
    assert (again.agent, again.key, again.duplicate) == (first.agent, None, True)
    assert first.key not in str(StoredAnswer.objects.values_list())
