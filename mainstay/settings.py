"""Every setting, read once: the workspace's ``mainstay.toml``, then ``MAINSTAY_…`` from the environment.

A workspace is a directory with ``mainstay.toml``, ``catalogue/`` and ``data/``. ``MAINSTAY_WORKSPACE`` names it;
without one the current directory is taken.
"""

import os
import secrets
import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mainstay.domain.duration import parse_duration
from mainstay.domain.network import NetworkPolicy
from mainstay.drivers.own_services import own_services

PACKAGE = Path(__file__).resolve().parent
WORKSPACE = Path(os.environ.get("MAINSTAY_WORKSPACE", ".")).resolve()


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Networks(_Section):
    """What checks may touch, and where notices and the call to the dead-man's switch may go."""

    allowed: list[str] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "0.0.0.0/0", "::/0"]
    notices: list[str] = ["0.0.0.0/0", "::/0"]

    @field_validator("allowed", "notices")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for text in value:
            ip_network(text)
        return value


class _DeadMan(_Section):
    """An address elsewhere that expects to hear from us, and how often (seconds)."""

    url: str = ""
    every: float = 60.0


class _OwnCopies(_Section):
    """Copies of Mainstay itself: where they go (empty: none are made), how often, how many stay, and the name of the
    secret that seals them."""

    directory: str = ""
    every: str = "1d"
    keep: int = Field(14, ge=1)
    passphrase: str = "OWN_COPY_PASSPHRASE"  # noqa: S105 - the secret's name

    @field_validator("directory")
    @classmethod
    def _absolute(cls, value: str) -> str:
        if value and not value.startswith("/"):
            raise ValueError(f"{value!r} depends on where Mainstay was started; write an absolute path")
        return value

    @field_validator("every")
    @classmethod
    def _duration(cls, value: str) -> str:
        if parse_duration(value) < 60:
            raise ValueError("a copy each minute is the most that is made")
        return value

    @property
    def seconds(self) -> float:
        return parse_duration(self.every)


class Configuration(_Section):
    """The whole of ``mainstay.toml``."""

    address: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    base_url: str = Field("", description="how people reach the web page; used in notices")
    hosts: list[str] = Field([], description="names under which the page may be asked for")
    database: str = Field("", description="postgresql://…; empty: SQLite in data/")
    timezone: str = "UTC"
    language: str = "en"
    networks: _Networks = _Networks()
    dead_man: _DeadMan = _DeadMan()
    own_copies: _OwnCopies = _OwnCopies()
    audit_head: str = Field("", description="the channel that is sent the audit chain's head each day")
    settle: float = Field(5.0, ge=0, description="seconds an incident may still grow before people are told")
    second_factor: Literal["", "viewer", "operator", "approver", "administrator"] = Field(
        "", description="the least role that must sign in with a second factor; empty: nobody must"
    )
    keep_samples_days: int = Field(400, ge=1)
    plugin_directories: list[str] = Field(
        ["/usr/lib/nagios/plugins", "/usr/lib64/nagios/plugins"],
        description="whose programs the plugin probe may run, besides plugins/ of the workspace",
    )

    log_directories: list[str] = Field(
        ["/var/log"], description="below which logs on this machine may be read, besides logs/ of the workspace"
    )
    restore_directories: list[str] = Field(
        [], description="below which copies may be restored, besides data/restored/ of the workspace"
    )

    @field_validator("plugin_directories", "restore_directories", "log_directories")
    @classmethod
    def _absolute(cls, value: list[str]) -> list[str]:
        if wrong := [text for text in value if not text.startswith("/")]:
            raise ValueError(f"{wrong[0]!r} depends on where Mainstay was started; write an absolute path")
        return value


class Misconfigured(SystemExit):
    """The settings cannot be used; the message says file and key. Exit code 78 (EX_CONFIG)."""

    def __init__(self, message: str) -> None:
        super().__init__(78)
        self.message = message

    def __str__(self) -> str:
        return self.message


def load(workspace: Path, environ: dict[str, str]) -> Configuration:
    """Read the workspace's settings; the environment wins over the file. Raises Misconfigured."""
    path = workspace / "mainstay.toml"
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path}: {error}") from error
    for key in ("address", "port", "base_url", "database", "timezone", "language"):
        if value := environ.get(f"MAINSTAY_{key.upper()}"):
            values[key] = value
    try:
        return Configuration(**values)
    except ValidationError as error:
        lines = [f"{path}: {'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise Misconfigured("\n".join(lines)) from error


def _secret_key(data: Path) -> str:
    """The key that signs sessions; made on first use, readable by the owner alone."""
    path = data / "secret.key"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.touch(mode=0o600)
        partial.write_text(secrets.token_urlsafe(50))
        try:
            os.link(partial, path)  # the first process to get here decides, whole or not at all
        except FileExistsError:
            pass
        partial.unlink()
    return path.read_text()


def _database(configuration: Configuration, data: Path) -> dict[str, object]:
    if not configuration.database:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": data / "mainstay.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
                    "PRAGMA cache_size=-8000; PRAGMA mmap_size=134217728;"
                ),
            },
            "TEST": {"NAME": None},
        }
    parts = urlsplit(configuration.database)
    if parts.scheme not in ("postgresql", "postgres"):
        raise Misconfigured(f"database: {parts.scheme}:// is not known; write postgresql://user:password@host/name")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _own_database(configuration: Configuration) -> list[tuple[str, int]]:
    """Host and port of the PostgreSQL that holds Mainstay's data; none with SQLite."""
    parts = urlsplit(configuration.database)
    return [(unquote(parts.hostname or ""), parts.port or 5432)] if configuration.database else []


CONFIGURATION = load(WORKSPACE, dict(os.environ))
DATA = WORKSPACE / "data"
_OWN = own_services([(CONFIGURATION.address, CONFIGURATION.port), *_own_database(CONFIGURATION)])
NETWORK = NetworkPolicy(tuple(map(ip_network, CONFIGURATION.networks.allowed)), _OWN)
NOTICE_NETWORK = NetworkPolicy(tuple(map(ip_network, CONFIGURATION.networks.notices)), _OWN, "networks.notices")
LOGS = (str(WORKSPACE / "logs"), *CONFIGURATION.log_directories)
PLUGINS = (str(WORKSPACE / "plugins"), *CONFIGURATION.plugin_directories)

SECRET_KEY = _secret_key(DATA)
DEBUG = False
BASE_URL = CONFIGURATION.base_url or f"http://{CONFIGURATION.address}:{CONFIGURATION.port}"
_HTTPS = BASE_URL.startswith("https://")
ALLOWED_HOSTS = [
    *CONFIGURATION.hosts,
    urlsplit(BASE_URL).hostname or "localhost",
    "localhost",
    "127.0.0.1",
    "[::1]",
]
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_htmx",
    "mainstay.audit",
    "mainstay.people",
    "mainstay.catalogue",
    "mainstay.monitoring",
    "mainstay.incidents",
    "mainstay.notices",
    "mainstay.inspection",
    "mainstay.backups",
    "mainstay.knowledge",
    "mainstay.reviews",
    "mainstay.help_desk",
    "mainstay.on_call",
    "mainstay.runbooks",
    "mainstay.remedies",
    "mainstay.plans",
    "mainstay.diagnosis",
    "mainstay.own_copies",
    "mainstay.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "mainstay.web.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [
            PACKAGE / "web" / "templates",
            PACKAGE / "engine" / "templates",
            PACKAGE / "inspection" / "templates",
            PACKAGE / "backups" / "templates",
            PACKAGE / "plans" / "templates",
            PACKAGE / "reviews" / "templates",
        ],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mainstay.web.context.shell",
            ],
            "builtins": [
                "mainstay.web.templatetags.mainstay",
                "mainstay.web.templatetags.signs",
                "mainstay.web.templatetags.backups",
                "mainstay.web.templatetags.knowledge",
                "mainstay.web.templatetags.runbooks",
                "mainstay.web.templatetags.remedies",
                "mainstay.web.templatetags.plans",
                "mainstay.web.templatetags.clocks",
                "mainstay.web.templatetags.reviews",
                "mainstay.web.templatetags.diagnosis",
                "django.templatetags.i18n",
            ],
        },
    }
]
DATABASES = {"default": _database(CONFIGURATION, DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["mainstay.people.passwords.Argon2", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "today"
LOGOUT_REDIRECT_URL = "sign-in"
# By person and address together: one who guesses locks out himself, not the person.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_CALLABLE = "mainstay.web.sign_in.locked_out"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

SESSION_COOKIE_NAME = "__Host-mainstay" if _HTTPS else "mainstay"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "style-src": ["'self'"],
        "script-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

LANGUAGE_CODE = CONFIGURATION.language
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文"), ("zh-hant", "繁體中文")]
LOCALE_PATHS = [PACKAGE / "locale"]
FORMAT_MODULE_PATH = "mainstay.locale"
USE_I18N = USE_TZ = True
TIME_ZONE = CONFIGURATION.timezone

STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE / "web" / "static"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"axes": {"level": "WARNING"}, "uvicorn.access": {"level": "WARNING"}, "fido2": {"level": "WARNING"}},
}
