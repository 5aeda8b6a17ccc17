"""The whole talk of two agents, and a whole thread, as a file."""

from functools import partial

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from bus import audience
from bus.directory import directory
from bus.errors import InvalidInput
from dashboard.look import Look
from dashboard.screens import guarded
from overview import transcript
from overview.queries.topics import rows_of
from overview.queries.transcripts import conversation, topic

__all__ = ["talk_export", "topic_export"]


async def talk_export(request: HttpRequest, name: str, peer: str) -> HttpResponse:
    """Answer what two agents of the workspace said to each other, as `?format=markdown` or `json`."""
    return await guarded(request, partial(_export, name, peer))


def _export(name: str, peer: str, look: Look) -> HttpResponse:
    try:
        a, b = (audience.known(look.caller, each) for each in (name, peer))
    except audience.UnknownAgent:
        raise Http404 from None
    return _file(look, conversation(look.caller.workspace, a, b, look.now), f"{a.name}-and-{b.name}")


async def topic_export(request: HttpRequest, name: str) -> HttpResponse:
    """Answer the whole thread of a topic, as `?format=markdown` or `json`."""
    return await guarded(request, partial(_export_topic, name))


def _export_topic(name: str, look: Look) -> HttpResponse:
    rows = rows_of([name], look.now)
    place = directory.workspace(rows[0].workspace) if rows else None
    if place is None:
        raise Http404
    return _file(look, topic(place, name), name)


def _file(look: Look, found: transcript.Transcript, name: str) -> HttpResponse:
    """Return a transcript as a file of the form that the URL asks for."""
    form = look.query.get("format", "markdown")
    if form not in transcript.FORMATS:
        raise InvalidInput("`format` is markdown or json.")
    if form == "json":
        written = {"ensure_ascii": False, "indent": 2}
        answer: HttpResponse = JsonResponse(transcript.plain(found), json_dumps_params=written)
    else:
        answer = HttpResponse(transcript.markdown(found), content_type="text/markdown; charset=utf-8")
    ending = {"json": "json", "markdown": "md"}[form]
    answer["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    return answer
