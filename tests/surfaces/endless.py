"""An ASGI application for a test: `/` streams 256 MB as fast as it may, `/sent` says how many MB went out so far."""

from nexus_site.pace import paced

MB = b"x" * 1024 * 1024
sent = 0


async def endless(scope, receive, send):
    global sent
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/sent":
        await send({"type": "http.response.body", "body": str(sent).encode()})
        return
    for _ in range(256):
        await send({"type": "http.response.body", "body": MB, "more_body": True})
        sent += 1
    await send({"type": "http.response.body"})


application = paced(endless)
