"""What running needs, checked before anything starts: each problem is one line that names the thing and the mend."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bot import valkey
from bot.backups import homes
from bot.errors import NotReady
from bot.settings import Settings

#: Bytes free below which nothing starts, and below which there is a warning.
LEAST_FREE = 200_000_000
LITTLE_FREE = 1_000_000_000
OLDEST_REDIS = (6, 2)


@dataclass(frozen=True)
class Finding:
    """What one check found. `state` is ok, warning or problem; only a problem keeps Frontdesk from starting."""

    subject: str
    state: str
    text: str


def home(settings: Settings) -> Finding:
    """The home folder can be written and has room."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=settings.home) as probe:
            probe.write(b"x" * 4096)
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return Finding("home", "problem", f"{settings.home} cannot be written ({error.strerror}); make room or mend "
                                          "its permissions, or set FRONTDESK_HOME to another folder")
    if homes.unfinished(settings.home).exists():
        return Finding("home", "problem", f"a restore into {settings.home} was cut off, so what is there is not whole; "
                                          "give `frontdesk restore FILE --replace` once more")
    free = shutil.disk_usage(settings.home).free
    if free < LEAST_FREE:
        return Finding("home", "problem", f"the disk of {settings.home} is full ({free / 1e6:.0f} MB free, "
                                          f"{LEAST_FREE / 1e6:.0f} MB wanted); make room, or set FRONTDESK_HOME")
    if free < LITTLE_FREE:
        return Finding("home", "warning", f"the disk of {settings.home} has only {free / 1e9:.1f} GB left; make room "
                                          "before it is full")
    return Finding("home", "ok", f"{settings.home}, {free / 1e9:.1f} GB free")


def privacy(settings: Settings) -> Finding:
    """Nobody else can read what is in the home. Not one of CHECKS: a group of operators may share it on purpose."""
    mode = settings.home.stat().st_mode & 0o777
    if mode & 0o077:
        return Finding("privacy", "warning", f"other users of this machine can look into {settings.home} (mode "
                                             f"{mode:o}), where all conversations are; `chmod 700` closes it to them")
    return Finding("privacy", "ok", "only this user can look into the home")


def port(settings: Settings) -> Finding:
    """The desk's address is free."""
    where = f"{settings.host}:{settings.port}"
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
    except (OSError, UnicodeError):  # the latter for what cannot be a name
        return Finding("port", "problem", f"FRONTDESK_HOST={settings.host!r} is no address of this machine; "
                                          "use 127.0.0.1, or 0.0.0.0 for all")
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do; a port just left counts as free
        try:
            probe.bind(address)
        except PermissionError:
            return Finding("port", "problem", f"this user may not open port {settings.port}; set FRONTDESK_PORT to "
                                              "1024 or more")
        except OSError as error:
            if error.errno == 98 or "in use" in str(error):
                return Finding("port", "problem", f"port {settings.port} is taken by another program; stop that one or "
                                                  f"set FRONTDESK_PORT to a free port, such as {_free_port(settings)}")
            return Finding("port", "problem", f"{where} cannot be opened ({error.strerror}); check FRONTDESK_HOST and "
                                              "FRONTDESK_PORT")
    return Finding("port", "ok", f"{where} is free")


def _free_port(settings: Settings) -> int:
    """The next port that is free, to have something to suggest."""
    for number in range(settings.port + 1, min(settings.port + 50, 65536)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", number))
            except OSError:
                continue
            return number
    return 8081


def model(settings: Settings) -> Finding:
    """The model that the encoder is exported from is there."""
    from kb_index.errors import ModelMissing
    from kb_index.export import source_model

    try:
        return Finding("model", "ok", str(source_model(settings.model)))
    except ModelMissing as error:
        return Finding("model", "problem", str(error))


def knowledge(settings: Settings) -> Finding:
    """The knowledge base is a folder that holds something, or an import has taken its place."""
    count = sum(1 for path in settings.kb.rglob("*.md") if path.name != "README.md")
    if count:
        return Finding("knowledge base", "ok", f"{count} files in {settings.kb}")
    if _is_off(settings):
        return Finding("knowledge base", "ok", f"in the library; an import took the place of {settings.kb}")
    text = f"{settings.kb} holds no entry (a Markdown file); set FRONTDESK_KB to the folder with the knowledge base"
    if _has_published(settings):
        return Finding("knowledge base", "warning", f"{text}. What is live stays until then")
    return Finding("knowledge base", "problem", text)


def entries(settings: Settings) -> Finding:
    """Every file of the knowledge base can be taken, where it is followed. Not one of CHECKS: a start finds it out by
    itself, and reading them all takes its time."""
    from bot.library.article import Article
    from bot.library.translations import Families, Kin
    from kb_index import folder
    from kb_index.errors import BadEntry

    if _is_off(settings):
        return Finding("entries", "ok", f"in the library; an import took the place of {settings.kb}")
    try:
        found = {str(path): Article.of_file(told, str(path)) for told, path in folder.records(settings.kb)}
        families, ids = Families(map(Kin.of, found.values())), {article.id for article in found.values()}
        for path, article in found.items():
            if article.translation_of in ids or not _is_kept(settings, article.translation_of):
                families.check(Kin.of(article), path)
    except BadEntry as error:
        return Finding("entries", "problem", str(error))
    return Finding("entries", "ok", f"{len(found)} can be read")


def _is_kept(settings: Settings, entry: str) -> bool:
    """Whether the library has that entry."""
    from bot.library.library import Library

    return bool(entry) and _of_library(settings, lambda engine: Library(engine).open(entry)["status"] != "archived")


def _is_off(settings: Settings) -> bool:
    """Whether an import has taken the folder's place."""
    from bot.library.library import Library

    return _of_library(settings, lambda engine: Library(engine).note("folder") == "off")


def _has_published(settings: Settings) -> bool:
    """Whether something is live, or was."""
    from bot.library.publications import Publications

    return _of_library(settings, lambda engine: Publications(engine).state()[0] > 0)


def _of_library(settings: Settings, ask: Callable[[Any], bool]) -> bool:
    """What `ask` says of the database; not where that cannot say."""
    from bot.database import open_database

    if settings.database_url is None and not (settings.home / "frontdesk.db").exists():
        return False
    try:
        return ask(open_database(settings.database))
    except Exception:  # it is away, or has no tables yet
        return False


def store(settings: Settings) -> Finding:
    """The Redis or Valkey that is set answers, is new enough and keeps what it is told; or the embedded one can run."""
    if settings.redis_url is None:
        try:
            return Finding("store", "ok", f"embedded Valkey, {valkey.binary().parent.name}")
        except NotReady as error:
            return Finding("store", "problem", str(error))
    where = without_password(settings.redis_url)
    try:
        with valkey.client(settings) as client:
            info = client.info()
    except Exception as error:  # also ValueError, for a URL that the client cannot read
        said = " ".join(str(error).split()).replace(settings.redis_url, where)
        return Finding("store", "problem", f"{where} cannot be used ({said}); start it, or mend FRONTDESK_REDIS_URL, "
                                           "or unset it to use the embedded Valkey")
    name = "Valkey" if "valkey_version" in info else "Redis"
    version = str(info.get("valkey_version") or info.get("redis_version", "0"))
    compatible = tuple(int(part) for part in str(info.get("redis_version", "0")).split(".")[:2] if part.isdigit())
    about = f"{name} {version} at {where}"
    if compatible < OLDEST_REDIS:
        return Finding("store", "problem", f"{about} is too old; 6.2 or newer is wanted. Renew it, or unset "
                                           "FRONTDESK_REDIS_URL to use the embedded Valkey")
    if info.get("redis_mode") == "cluster" or info.get("cluster_enabled"):
        return Finding("store", "problem", f"{about} is a cluster, and what changes together has to lie on one server; "
                                           "point FRONTDESK_REDIS_URL at a single one (with replicas, if you like)")
    if info.get("role") in ("slave", "replica"):
        return Finding("store", "problem", f"{about} is a replica and takes no writes; point FRONTDESK_REDIS_URL at "
                                           "its primary")
    if not info.get("aof_enabled"):
        return Finding("store", "warning", f"{about} does not write each change to disk; set `appendonly yes` there, "
                                           "or messages that were acknowledged can be lost")
    if info.get("maxmemory_policy", "noeviction") != "noeviction":
        return Finding("store", "warning", f"{about} drops keys when memory runs out; set `maxmemory-policy "
                                           "noeviction` there, or conversations can be lost")
    return Finding("store", "ok", about)


def database(settings: Settings) -> Finding:
    """The SQL database answers."""
    if settings.database_url is None:
        return Finding("database", "ok", f"SQLite in {settings.home}")
    import sqlalchemy
    from sqlalchemy.exc import SQLAlchemyError

    from bot.database import open_database

    try:
        url = sqlalchemy.engine.make_url(settings.database_url)
        where = url.render_as_string(hide_password=True)
        is_file = url.get_backend_name() == "sqlite"
        engine = open_database(settings.database) if is_file else sqlalchemy.create_engine(
            url, connect_args={"connect_timeout": 5})
        try:
            with engine.connect() as connection:
                connection.execute(sqlalchemy.text("SELECT 1"))
        finally:
            engine.dispose()
    except (SQLAlchemyError, ImportError, ValueError, OSError) as error:
        where = without_password(settings.database_url)
        said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return Finding("database", "problem", f"{where} cannot be used ({said}); start it, or mend "
                                              "FRONTDESK_DATABASE_URL, or unset it to use SQLite")
    return Finding("database", "ok", where)


def shop(settings: Settings) -> Finding:
    """The shop's backend answers. One that does not keeps nobody from starting: the rest of the work goes on."""
    if settings.shop == "sample":
        return Finding("shop", "ok", "the embedded sample shop")
    from actions.shop import open_shop
    from actions.shop.errors import ShopError

    async def ask() -> str:
        backend = open_shop(settings)
        try:
            return await backend.check()
        finally:
            await backend.close()

    where = without_password(settings.shop_url or "")
    try:
        return Finding("shop", "ok", f"{settings.shop} at {where}: {asyncio.run(ask())}")
    except ShopError as error:
        return Finding("shop", "warning", f"{settings.shop} at {where} cannot be used ({error}); orders and accounts "
                                          "go to people until it can. Check FRONTDESK_SHOP_URL and FRONTDESK_SHOP_KEY")


def mail(settings: Settings) -> Finding:
    """The mail server answers and takes the password, and links in mails lead where customers can go."""
    if settings.smtp_url is None:
        return Finding("mail", "ok", f"laid into {settings.outbox}")
    from bot.mail.postman import NotTaken, Smtp

    where = without_password(settings.smtp_url)
    try:
        Smtp(settings.smtp_url).check()
    except NotTaken as error:
        return Finding("mail", "warning", f"{where} cannot be used ({error}); mails wait and are tried again for "
                                          "a day. Check FRONTDESK_SMTP_URL")
    if settings.public_url is None:
        return Finding("mail", "warning", f"links in mails lead to {settings.site}, which customers cannot reach. Set "
                                          "FRONTDESK_PUBLIC_URL to the desk's address as they know it")
    if "*" in settings.widget_origins:
        return Finding("mail", "warning", f"links in mails lead to {settings.site} and not back to your site, since "
                                          "FRONTDESK_WIDGET_ORIGINS is *. Name your sites in it")
    return Finding("mail", "ok", where)


def without_password(url: str) -> str:
    """The URL as it may be shown: without user, password and query, any of which may hold a secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = None
    if parts is None or "@" in parts.path + parts.query + parts.fragment:
        # A password that holds a slash, say: no parser tells where it ends.
        return f"{url.partition('://')[0]}://…"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


CHECKS: tuple[Callable[[Settings], Finding], ...] = (home, port, model, knowledge, store, database, shop, mail)


def examine(settings: Settings) -> list[Finding]:
    """All findings, in the order of CHECKS."""
    return [check(settings) for check in CHECKS]


def require(settings: Settings, checks: tuple[Callable[[Settings], Finding], ...] = CHECKS) -> list[str]:
    """The warnings, a line each. Raises NotReady with all problems."""
    findings = [check(settings) for check in checks]
    problems = [finding.text for finding in findings if finding.state == "problem"]
    if problems:
        raise NotReady(problems)
    return [finding.text for finding in findings if finding.state == "warning"]
