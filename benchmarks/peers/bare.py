"""The ceiling: an aiohttp handler that parses JSON and answers, and does nothing else.

`python bare.py [--uvloop]` prints `listening on URL`.
"""

from __future__ import annotations

import asyncio
import json
import sys

from aiohttp import web


async def _answer(request: web.Request) -> web.Response:
    said = json.loads(await request.read())
    return web.json_response({"success": True, "data": {"phone_number": said["mobile_phone"]}})


async def _serve() -> None:
    app = web.Application()
    app.router.add_put("/v1/public/opt-in/", _answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    print(f"listening on http://127.0.0.1:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if "--uvloop" in sys.argv:
        import uvloop

        uvloop.run(_serve())
    else:
        asyncio.run(_serve())
