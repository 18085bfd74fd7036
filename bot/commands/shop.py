"""`frontdesk shop …`: the sample shop as a backend of its own, to try the REST interface with."""

from __future__ import annotations

import argparse

from bot.settings import Settings

HELP = "serve the sample shop by the REST interface of a shop's backend"


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    serve = actions.add_parser("serve", help="serve the sample shop until Ctrl-C, to this machine only")
    serve.add_argument("--port", type=int, default=9100, help="port to listen on (default: 9100)")


def run(args: argparse.Namespace, settings: Settings) -> int:
    import logging
    import secrets

    from actions.shop import sample
    from actions.shop.embedded import SampleShop
    from actions.shop.server import create_app
    from bot import masking

    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    masking.install()
    if not sample.is_current(settings):
        sample.load(settings)
    key = settings.shop_key or secrets.token_urlsafe(24)
    url = f"http://127.0.0.1:{args.port}"
    print(f"The sample shop listens on {url}. To have Frontdesk use it:\n\n"
          f"  FRONTDESK_SHOP=rest FRONTDESK_SHOP_URL={url} FRONTDESK_SHOP_KEY={key} make run\n", flush=True)
    app = create_app(SampleShop(sample.path(settings)), key)
    app.run(host="127.0.0.1", port=args.port, workers=1, access_log=False, motd=False)
    return 0
