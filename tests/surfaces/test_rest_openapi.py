"""What describes the REST surface: OpenAPI for programs, a page for people, nothing from elsewhere."""

import re

import pytest

from bus import door
from nexus_site.rest import ROUTES


@pytest.fixture
async def openapi(rest):
    return await rest().get("/openapi.json")


def described(openapi):
    return {op["operationId"]: op for path in openapi["paths"].values() for op in path.values()}


async def test_every_route_is_described_with_its_answer(openapi):
    for route in ROUTES:
        operation = openapi["paths"][f"/api/v1{route.path}"][route.method.lower()]
        answer = operation["responses"][str(route.status)]["content"]["application/json"]["schema"]
        assert answer["$ref"].endswith(f"/{door.find(route.operation).answer.__name__}")
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Refused"}
        assert operation["security"] == [{"Access": []}]


@pytest.mark.parametrize("name", ["MessageView", "HandoffView", "Claimed"])
async def test_an_answer_is_described_by_the_names_that_are_sent(openapi, name):
    assert "from" in openapi["components"]["schemas"][name]["properties"]
    assert "from_" not in openapi["components"]["schemas"][name]["properties"]


async def test_what_is_no_operation_of_a_room_is_described_with_all_that_it_answers(openapi):
    operations = described(openapi)
    assert "text/event-stream" in operations["event_stream"]["responses"]["200"]["content"]
    assert operations["mcp"]["responses"]["default"]["content"]["application/json"]["schema"]["required"]


async def test_operation_ids_are_the_names_of_operations(openapi):
    names = [op["operationId"] for path in openapi["paths"].values() for op in path.values()]
    assert len(names) == len(set(names))
    assert set(names) == {*door.published(), "handoff_claim_best", "event_stream", "mcp"}


async def test_every_reference_leads_somewhere(openapi):
    parts = openapi["components"]
    for kind, name in re.findall(r'"#/components/(\w+)/(\w+)"', str(openapi).replace("'", '"')):
        assert name in parts[kind]


async def test_fields_of_an_order_are_in_the_path_the_query_or_the_body(openapi):
    operations = described(openapi)
    for route in ROUTES:
        if route.operation == "handoff_claim" and "{" not in route.path:
            continue
        operation = operations[route.operation]
        found = {parameter["name"] for parameter in operation["parameters"]}
        if "requestBody" in operation:
            found |= set(operation["requestBody"]["content"]["application/json"]["schema"]["properties"])
        fields = door.find(route.operation).order.model_fields
        assert found == {info.alias or name for name, info in fields.items()}, route


async def test_body_is_required_where_a_field_is(openapi):
    operations = described(openapi)
    assert operations["message_create"]["requestBody"]["required"] is True
    assert operations["inbox_pull"]["requestBody"]["required"] is False
    body = operations["handoff_renew"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["epoch"]


async def test_page_shows_every_operation_and_loads_nothing_from_elsewhere(surface, rest):
    reply = await rest().send("GET", "/docs")
    page = reply.body.decode()
    assert reply.status == 200
    assert all(f'id="{name}"' in page for name in door.published())
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert "<script" not in page
