"""Settings, read once from ``FRONTDESK_*`` environment variables; a wrong one is refused with its name and value."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from functools import lru_cache
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent


class BadSetting(ValueError):
    """A setting that cannot be used; the message names it, quotes the value and says what would do."""

    def __init__(self, name: str, value: str, wanted: str) -> None:
        super().__init__(f"{name}={value!r}: {wanted}")


@dataclass(frozen=True)
class Settings:
    """All settings of the product. Paths are absolute; URLs may hold a password, so they do not print."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 8080
    redis_url: str | None = field(default=None, repr=False)
    database_url: str | None = field(default=None, repr=False)
    workers: int = 1
    model: Path | None = None
    reranker: bool = True
    kb: Path = ROOT / "data" / "kb"
    widget_origins: tuple[str, ...] = ()
    secure_cookies: bool = False
    proxies: int = 0
    alpha: float = 0.05
    beta: float = 0.02
    idle_hours: float = 24.0
    keep_days: float = 7.0
    archive_days: float = 0.0
    reopen_hours: float = 24.0
    away_seconds: float = 300.0
    log_level: str = "INFO"
    shop: str = "sample"
    shop_url: str | None = None
    shop_key: str | None = field(default=None, repr=False)
    shop_timeout: float = 8.0
    identity_key: str | None = field(default=None, repr=False)
    identity_audience: str = "frontdesk"
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str = "Larkmoor <help@larkmoor.example>"
    public_url: str | None = None
    attachment_mb: int = 10
    scan_command: str | None = None
    webhook_private: bool = False

    @property
    def site(self) -> str:
        """Where customers reach the desk."""
        return self.public_url or f"http://localhost:{self.port}"

    @property
    def attachments(self) -> Path:
        """Folder of the files that customers and agents send each other."""
        return self.home / "attachments"

    @property
    def imports(self) -> Path:
        """Folder of the files that editors import, each until it is read."""
        return self.home / "imports"

    @property
    def outbox(self) -> Path:
        """Folder that mails are laid into where no SMTP server is set."""
        return self.home / "outbox"

    @property
    def database(self) -> str:
        """The URL set, or that of an SQLite file under `home`, for :func:`bot.database.open_database`."""
        return self.database_url or f"sqlite:///{quote(str(self.home / 'frontdesk.db'))}"

    @property
    def redis(self) -> str:
        """The URL set, or the embedded Valkey's socket. Unix socket paths are limited to some 100 bytes, so a
        deep `home` gets its socket in the temporary folder."""
        return self.redis_url or f"unix://{quote(str(self.socket))}"

    @property
    def socket(self) -> Path:
        path = self.home / "valkey" / "valkey.sock"
        if len(os.fsencode(path)) < 100:
            return path
        import hashlib
        import tempfile

        mark = hashlib.sha256(str(self.home).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"frontdesk-{mark}" / "valkey.sock"

    @property
    def encoder(self) -> Path:
        return self.home / "encoder"

    @property
    def larger_encoder(self) -> Path:
        """Folder of the reranker's encoder."""
        return self.home / "reranker"

    @property
    def index(self) -> Path:
        """Folder of the index snapshots."""
        return self.home / "index"

    @property
    def models(self) -> Path:
        """Folder of the trained Rasa models."""
        return self.home / "models"

    @property
    def cache(self) -> Path:
        return self.home / "cache"


#: Every setting: its variable, what it is for, and its default in words. docs/settings.md is checked against this.
DOCUMENTED = {
    "FRONTDESK_HOME": ("where all state lives", "var"),
    "FRONTDESK_HOST": ("address the desk listens on", "127.0.0.1"),
    "FRONTDESK_PORT": ("port the desk listens on", "8080"),
    "FRONTDESK_REDIS_URL": ("Redis or Valkey to use instead of the embedded one", "none: embedded"),
    "FRONTDESK_DATABASE_URL": ("Postgres to use instead of the SQLite file", "none: SQLite in FRONTDESK_HOME"),
    "FRONTDESK_WORKERS": ("assistant processes", "2, or 1 where there is one core"),
    "FRONTDESK_MODEL": ("folder of a sentence-transformers model to use as encoder", "all-MiniLM-L6-v2 from PyPI"),
    "FRONTDESK_RERANKER": ("0 to do without the larger model that looks again where the first is unsure", "1"),
    "FRONTDESK_KB": ("folder of the Markdown knowledge base", "data/kb"),
    "FRONTDESK_WIDGET_ORIGINS": ("sites that may embed the widget, by comma, or *", "only the desk's own"),
    "FRONTDESK_PROXIES": ("proxies in front of the desk that add to X-Forwarded-For", "0"),
    "FRONTDESK_SECURE_COOKIES": ("1 where the desk is served over HTTPS", "0"),
    "FRONTDESK_ALPHA": ("largest share of the bot's own answers that may be wrong", "0.05"),
    "FRONTDESK_BETA": ("largest share of messages for people that the bot may answer", "0.02"),
    "FRONTDESK_IDLE_HOURS": ("hours after which an untouched bot conversation is closed", "24"),
    "FRONTDESK_KEEP_DAYS": ("days a closed conversation stays live before only the archive has it", "7"),
    "FRONTDESK_ARCHIVE_DAYS": ("days after which a closed conversation is erased; 0 keeps all for ever", "0"),
    "FRONTDESK_REOPEN_HOURS": ("hours in which a closed conversation comes back to the agent who closed it", "24"),
    "FRONTDESK_AWAY_SECONDS": ("seconds without a sign of an agent after which their conversations go back", "300"),
    "FRONTDESK_SHOP": ("the shop's backend: sample, rest or woocommerce", "sample"),
    "FRONTDESK_SHOP_URL": ("address of that backend", "none"),
    "FRONTDESK_SHOP_KEY": ("its key; for woocommerce CONSUMER_KEY:CONSUMER_SECRET", "none"),
    "FRONTDESK_SHOP_TIMEOUT": ("seconds in which a call of the backend ends, retries included", "8"),
    "FRONTDESK_IDENTITY_KEY": ("secret or public key file that your site's identity tokens are checked with", "none"),
    "FRONTDESK_IDENTITY_AUDIENCE": ("audience that identity tokens have to name", "frontdesk"),
    "FRONTDESK_SMTP_URL": ("mail server that mails go out through", "none: a folder in FRONTDESK_HOME"),
    "FRONTDESK_MAIL_FROM": ("sender of mails", "Larkmoor <help@larkmoor.example>"),
    "FRONTDESK_PUBLIC_URL": ("address of the desk as customers reach it, for links in mails", "http://localhost:PORT"),
    "FRONTDESK_ATTACHMENT_MB": ("largest file that can be sent in a conversation", "10"),
    "FRONTDESK_SCAN_COMMAND": ("program that each sent file is checked with", "none"),
    "FRONTDESK_WEBHOOK_PRIVATE": ("1 where webhooks may go to private networks, and without HTTPS", "0"),
    "FRONTDESK_LOG_LEVEL": ("DEBUG, INFO, WARNING or ERROR", "INFO"),
}


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """Reads all settings. Raises BadSetting, also for a ``FRONTDESK_`` variable that does not exist."""
    return _read(tuple((name, environ[name]) for name in environ if name.startswith("FRONTDESK_")))


@lru_cache(maxsize=4)
def _read(environ: tuple[tuple[str, str], ...]) -> Settings:
    # Kept, since components and actions ask at every turn.
    for name, value in environ:
        if name not in DOCUMENTED:
            raise BadSetting(name, value, "there is no such setting; see docs/settings.md")
    values = {name: value.strip() for name, value in environ if value.strip()}

    def number(name: str, default: float, low: float, high: float) -> float:
        raw = values.get(name)
        if raw is None:
            return default
        try:
            value = float(raw)
        except ValueError:
            raise BadSetting(name, raw, f"a number from {low:g} to {high:g} is wanted") from None
        if not low <= value <= high:
            raise BadSetting(name, raw, f"a number from {low:g} to {high:g} is wanted")
        return value

    def whole(name: str, default: int, low: int, high: int) -> int:
        value = number(name, default, low, high)
        if value != int(value):
            raise BadSetting(name, values[name], "a whole number is wanted")
        return int(value)

    def folder(name: str, default: Path) -> Path:
        try:
            return Path(values.get(name) or default).expanduser().absolute()
        except RuntimeError:
            raise BadSetting(name, values[name], "a folder is wanted, and nobody here is called that") from None

    def url(name: str, schemes: tuple[str, ...]) -> str | None:
        raw = values.get(name)
        if raw is None:
            return None
        try:
            scheme = urlsplit(raw).scheme
        except ValueError:
            wanted = "a URL is wanted; in a user or password \"[\" is written %5B and \"]\" %5D"
            raise BadSetting(name, raw.split("@")[-1], wanted) from None
        if scheme.split("+")[0] not in schemes or not raw[len(scheme):].startswith("://"):
            wanted = "a URL is wanted that starts with " + " or ".join(f"{scheme}://" for scheme in schemes)
            raise BadSetting(name, raw.split("@")[-1], wanted)
        return raw

    level = values.get("FRONTDESK_LOG_LEVEL", "INFO").upper()
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise BadSetting("FRONTDESK_LOG_LEVEL", level, "DEBUG, INFO, WARNING or ERROR is wanted")
    origins = tuple(_origin(o.strip()) for o in values.get("FRONTDESK_WIDGET_ORIGINS", "").split(",") if o.strip())

    def switch(name: str, default: str = "0") -> bool:
        raw = values.get(name, default)
        if raw not in ("0", "1"):
            raise BadSetting(name, raw, "0 or 1 is wanted")
        return raw == "1"

    home = folder("FRONTDESK_HOME", ROOT / "var")
    if home.exists() and not home.is_dir():
        raise BadSetting("FRONTDESK_HOME", str(home), "a folder is wanted, and this is a file")
    model = values.get("FRONTDESK_MODEL")
    shop = _shop(values, url("FRONTDESK_SHOP_URL", ("http", "https")))
    smtp_url = url("FRONTDESK_SMTP_URL", ("smtp", "smtps"))
    if smtp_url and not (urlsplit(smtp_url).hostname and _port_is_one(smtp_url)):
        wanted = "a URL such as smtps://user:secret@host is wanted"
        raise BadSetting("FRONTDESK_SMTP_URL", smtp_url.split("@")[-1], wanted)
    if smtp_url and not unquote(urlsplit(smtp_url).netloc.rpartition("@")[0]).isascii():
        wanted = "a user and password of ASCII characters are wanted, since mail servers do not agree on others"
        raise BadSetting("FRONTDESK_SMTP_URL", smtp_url.split("@")[-1], wanted)
    public_url = url("FRONTDESK_PUBLIC_URL", ("http", "https"))
    if public_url and not _is_address(public_url):
        wanted = "an address such as https://chat.shop.example is wanted"
        raise BadSetting("FRONTDESK_PUBLIC_URL", public_url.split("@")[-1], wanted)
    sender = values.get("FRONTDESK_MAIL_FROM", Settings.mail_from)
    if not re.fullmatch(r"[^<>@]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+", sender):
        raise BadSetting("FRONTDESK_MAIL_FROM", sender, "an address such as Shop <help@shop.example> is wanted")
    if "@" not in parseaddr(sender)[1]:
        wanted = 'a name with a comma or the like stands in quotes: "Shop, Ltd" <help@shop.example>'
        raise BadSetting("FRONTDESK_MAIL_FROM", sender, wanted)
    keep_days = number("FRONTDESK_KEEP_DAYS", 7.0, 0.0, 3650)
    archive_days = number("FRONTDESK_ARCHIVE_DAYS", 0.0, 0.0, 36500)
    if 0 < archive_days < keep_days:
        wanted = f"0, or at least the {keep_days:g} days of FRONTDESK_KEEP_DAYS, for which it is live, are wanted"
        raise BadSetting("FRONTDESK_ARCHIVE_DAYS", values["FRONTDESK_ARCHIVE_DAYS"], wanted)
    return Settings(
        home=home,
        host=values.get("FRONTDESK_HOST", "127.0.0.1"),
        port=whole("FRONTDESK_PORT", 8080, 1, 65535),
        redis_url=_store(url("FRONTDESK_REDIS_URL", ("redis", "rediss", "unix"))),
        database_url=_database(url("FRONTDESK_DATABASE_URL", ("postgresql", "sqlite"))),
        workers=whole("FRONTDESK_WORKERS", _default_workers(), 1, 64),
        model=Path(model).expanduser().absolute() if model else None,
        reranker=switch("FRONTDESK_RERANKER", "1"),
        kb=folder("FRONTDESK_KB", ROOT / "data" / "kb"),
        widget_origins=origins,
        secure_cookies=switch("FRONTDESK_SECURE_COOKIES"),
        proxies=whole("FRONTDESK_PROXIES", 0, 0, 9),
        alpha=number("FRONTDESK_ALPHA", 0.05, 0.001, 0.5),
        beta=number("FRONTDESK_BETA", 0.02, 0.001, 0.5),
        idle_hours=number("FRONTDESK_IDLE_HOURS", 24.0, 0.01, 10000),
        keep_days=keep_days,
        archive_days=archive_days,
        reopen_hours=number("FRONTDESK_REOPEN_HOURS", 24.0, 0.0, 8760),
        away_seconds=number("FRONTDESK_AWAY_SECONDS", 300.0, 45, 86400),
        log_level=level,
        shop=shop,
        shop_url=values.get("FRONTDESK_SHOP_URL", "").rstrip("/") or None,
        shop_key=values.get("FRONTDESK_SHOP_KEY"),
        shop_timeout=number("FRONTDESK_SHOP_TIMEOUT", 8.0, 0.1, 20.0),
        identity_key=_identity_key(values),
        identity_audience=values.get("FRONTDESK_IDENTITY_AUDIENCE", "frontdesk"),
        smtp_url=smtp_url,
        mail_from=sender,
        public_url=public_url,
        attachment_mb=whole("FRONTDESK_ATTACHMENT_MB", 10, 1, 100),
        scan_command=_scan_command(values.get("FRONTDESK_SCAN_COMMAND")),
        webhook_private=switch("FRONTDESK_WEBHOOK_PRIVATE"),
    )


def _store(address: str | None) -> str | None:
    """The store's address, a socket's path absolute: a process of ours that is started elsewhere reads it again."""
    if address is None:
        return None
    wanted = "a URL such as redis://user:secret@host:6379/0 is wanted"
    parts = _parts("FRONTDESK_REDIS_URL", address, wanted)
    if parts.scheme != "unix":
        return address
    path = parts.netloc.rpartition("@")[2] + parts.path
    if path.startswith("/"):
        return address
    # In a URL, what stands before the first slash is a host.
    user = parts.netloc.rpartition("@")[0]
    return f"unix://{user and user + '@'}{quote(str(Path(unquote(path)).absolute()))}" \
        + (f"?{parts.query}" if parts.query else "")


def _database(address: str | None) -> str | None:
    """The database's address, a file's path absolute."""
    if address is None:
        return None
    wanted = "a URL such as postgresql://user:secret@host/name or sqlite:////srv/frontdesk.db is wanted"
    scheme = address.partition("://")[0]
    if scheme not in ("postgresql", "postgresql+psycopg2", "sqlite", "sqlite+pysqlite"):
        raise BadSetting("FRONTDESK_DATABASE_URL", scheme + "://…", f"{wanted}; no other driver is installed")
    if scheme.startswith("postgresql"):
        _parts("FRONTDESK_DATABASE_URL", address, wanted)
        return address
    path, mark, query = address.partition("://")[2].partition("?")
    if not path.startswith("/") or path == "/" or path.lstrip("/").startswith(":memory:"):
        wanted = "a file such as sqlite:////srv/frontdesk.db is wanted, since what is in memory goes with each process"
        raise BadSetting("FRONTDESK_DATABASE_URL", address, wanted)
    if path[1:].startswith("/"):
        return address
    return f"{scheme}:///{quote(str(Path(unquote(path[1:])).absolute()))}{mark}{query}"


def _parts(name: str, address: str, wanted: str) -> SplitResult:
    """The parts of an address. Raises BadSetting, without a word of it, where a parser and a person could take
    different ones for the host: it may be the end of a password then."""
    parts = urlsplit(address)
    if parts.netloc.count("@") > 1 or "@" in parts.path + parts.query + parts.fragment or not _port_is_one(address):
        raise BadSetting(name, f"{parts.scheme}://…", f"{wanted}; in a user or password \"/\" is written %2F, "
                                                      "\"@\" %40, \":\" %3A, \"#\" %23 and \"?\" %3F")
    return parts


def _origin(said: str) -> str:
    """An origin as browsers send it: in small letters, without a usual port, other alphabets in their ASCII form."""
    if said == "*":
        return said
    try:
        parts = urlsplit(said.rstrip("/"))
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:  # UnicodeError is one
        host = ""
    if not host or parts.scheme not in ("http", "https") or parts.path or parts.query or parts.fragment or "@" in said:
        raise BadSetting("FRONTDESK_WIDGET_ORIGINS", said, "an origin such as https://shop.example, or * is wanted")
    host = f"[{host}]" if ":" in host else host
    usual = port is None or port == {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + ("" if usual else f":{port}")


def _default_workers() -> int:
    # Two share the turns and cover for each other while one starts again; more is for whoever knows the load.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(2, cores)


def _shop(values: Mapping[str, str], address: str | None) -> str:
    """The kind of backend, once all that it needs is there."""
    shop = values.get("FRONTDESK_SHOP", "sample").lower()
    if shop not in ("sample", "rest", "woocommerce"):
        raise BadSetting("FRONTDESK_SHOP", shop, "sample, rest or woocommerce is wanted")
    if shop == "sample":
        return shop
    secret = values.get("FRONTDESK_SHOP_KEY", "")
    if address is None:
        raise BadSetting("FRONTDESK_SHOP_URL", "", f"FRONTDESK_SHOP={shop} wants the backend's address here")
    parts = urlsplit(address)
    if not _is_address(address):
        wanted = "an address such as https://shop.example/api is wanted, its key in FRONTDESK_SHOP_KEY"
        raise BadSetting("FRONTDESK_SHOP_URL", address.split("@")[-1].split("?")[0], wanted)
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise BadSetting("FRONTDESK_SHOP_URL", address, "https: is wanted, since the key and customers' data go there")
    if not secret:
        raise BadSetting("FRONTDESK_SHOP_KEY", "", f"FRONTDESK_SHOP={shop} wants the backend's key here")
    if not (secret.isascii() and secret.isprintable()):
        raise BadSetting("FRONTDESK_SHOP_KEY", "…", "a key of ASCII characters is wanted, since it goes into a header")
    if shop == "woocommerce" and not re.fullmatch(r"[^:\s]+:[^:\s]+", secret):
        raise BadSetting("FRONTDESK_SHOP_KEY", "…", "CONSUMER_KEY:CONSUMER_SECRET is wanted")
    return shop


def _scan_command(raw: str | None) -> str | None:
    """The command with the whole path of its program, once that is there: a typing error must not let files pass
    unseen, and who runs it may be started in another folder."""
    if raw is None:
        return None
    try:
        program, *arguments = shlex.split(raw)
    except ValueError:
        raise BadSetting("FRONTDESK_SCAN_COMMAND", raw, "a command such as clamdscan --fdpass is wanted") from None
    found = shutil.which(program)
    if found is None:
        raise BadSetting("FRONTDESK_SCAN_COMMAND", raw, f"there is no program {program!r} that could be run")
    return shlex.join((str(Path(found).absolute()), *arguments))


def _is_address(address: str) -> bool:
    """Whether it names a host and nothing beside it but a port and a path."""
    parts = urlsplit(address)
    said_more = "@" in parts.netloc or parts.query or parts.fragment or " " in address
    return bool(parts.hostname and _port_is_one(address) and not said_more)


def _port_is_one(address: str) -> bool:
    try:
        return urlsplit(address).port != 0
    except ValueError:
        return False


def _identity_key(values: Mapping[str, str]) -> str | None:
    """A shared secret (HS256), or the path of a public key in PEM (RS256)."""
    raw = values.get("FRONTDESK_IDENTITY_KEY")
    if raw is None:
        return None
    if raw.endswith(".pem"):
        try:
            file = Path(raw).expanduser().absolute()
            text = file.read_text(encoding="ascii")
        except (OSError, UnicodeError):
            raise BadSetting("FRONTDESK_IDENTITY_KEY", raw, "this file cannot be read") from None
        if "-----BEGIN PUBLIC KEY-----" not in text:
            raise BadSetting("FRONTDESK_IDENTITY_KEY", raw, "a file with a public key in PEM is wanted")
        return str(file)
    if len(raw.encode()) < 32:
        wanted = "a secret of at least 32 characters, or the path of a public key (….pem) is wanted"
        raise BadSetting("FRONTDESK_IDENTITY_KEY", "…", wanted)
    return raw


def as_environ(settings: Settings) -> dict[str, str]:
    """The variables from which `read` makes these settings again, for a process of ours that is started elsewhere."""
    values: dict[str, object] = {
        "FRONTDESK_HOME": settings.home,
        "FRONTDESK_HOST": settings.host,
        "FRONTDESK_PORT": settings.port,
        "FRONTDESK_REDIS_URL": settings.redis_url or "",
        "FRONTDESK_DATABASE_URL": settings.database_url or "",
        "FRONTDESK_WORKERS": settings.workers,
        "FRONTDESK_MODEL": settings.model or "",
        "FRONTDESK_RERANKER": int(settings.reranker),
        "FRONTDESK_KB": settings.kb,
        "FRONTDESK_WIDGET_ORIGINS": ",".join(settings.widget_origins),
        "FRONTDESK_SECURE_COOKIES": int(settings.secure_cookies),
        "FRONTDESK_PROXIES": settings.proxies,
        "FRONTDESK_ALPHA": settings.alpha,
        "FRONTDESK_BETA": settings.beta,
        "FRONTDESK_IDLE_HOURS": settings.idle_hours,
        "FRONTDESK_KEEP_DAYS": settings.keep_days,
        "FRONTDESK_ARCHIVE_DAYS": settings.archive_days,
        "FRONTDESK_REOPEN_HOURS": settings.reopen_hours,
        "FRONTDESK_AWAY_SECONDS": settings.away_seconds,
        "FRONTDESK_LOG_LEVEL": settings.log_level,
        "FRONTDESK_SHOP": settings.shop,
        "FRONTDESK_SHOP_URL": settings.shop_url or "",
        "FRONTDESK_SHOP_KEY": settings.shop_key or "",
        "FRONTDESK_SHOP_TIMEOUT": settings.shop_timeout,
        "FRONTDESK_IDENTITY_KEY": settings.identity_key or "",
        "FRONTDESK_IDENTITY_AUDIENCE": settings.identity_audience,
        "FRONTDESK_SMTP_URL": settings.smtp_url or "",
        "FRONTDESK_MAIL_FROM": settings.mail_from,
        "FRONTDESK_PUBLIC_URL": settings.public_url or "",
        "FRONTDESK_ATTACHMENT_MB": settings.attachment_mb,
        "FRONTDESK_SCAN_COMMAND": settings.scan_command or "",
        "FRONTDESK_WEBHOOK_PRIVATE": int(settings.webhook_private),
    }
    return {name: str(value) for name, value in values.items()}
