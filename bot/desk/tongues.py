"""What languages call themselves and which way they are written, for the help centre."""

from __future__ import annotations

from kb_index.translations import base

#: Autonyms as in the Unicode CLDR, capitalised as a name in a list is.
_NAMES = {
    "ar": "العربية", "bg": "Български", "ca": "Català", "cs": "Čeština", "cy": "Cymraeg", "da": "Dansk",
    "de": "Deutsch", "el": "Ελληνικά", "en": "English", "es": "Español", "et": "Eesti", "eu": "Euskara",
    "fa": "فارسی", "fi": "Suomi", "fr": "Français", "ga": "Gaeilge", "gl": "Galego", "he": "עברית",
    "hi": "हिन्दी", "hr": "Hrvatski", "hu": "Magyar", "id": "Indonesia", "is": "Íslenska",
    "it": "Italiano", "ja": "日本語", "ko": "한국어", "lt": "Lietuvių", "lv": "Latviešu", "ms": "Melayu",
    "nb": "Norsk bokmål", "nl": "Nederlands", "nn": "Norsk nynorsk", "no": "Norsk", "pl": "Polski",
    "pt": "Português", "ro": "Română", "ru": "Русский", "sk": "Slovenčina", "sl": "Slovenščina",
    "sq": "Shqip", "sr": "Српски", "sv": "Svenska", "th": "ไทย", "tr": "Türkçe", "uk": "Українська",
    "ur": "اردو", "vi": "Tiếng Việt", "zh": "中文",
}
#: As in the widget's loader.
_TO_THE_LEFT = {"ar", "dv", "fa", "he", "ps", "ur", "yi"}


def direction(tag: str) -> str:
    """The value of HTML's ``dir`` for a language; by its letters where it is not told (an empty tag)."""
    return ("rtl" if base(tag) in _TO_THE_LEFT else "ltr") if tag else "auto"


def own_name(tag: str) -> str:
    """``Deutsch`` for ``de``, ``Português (BR)`` for ``pt-BR``; the tag itself where its language is not known here."""
    name, rest = _NAMES.get(base(tag)), tag.partition("-")[2]
    return (f"{name} ({rest})" if rest else name) if name else tag
