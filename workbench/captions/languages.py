"""The codes of languages: in three letters, as MP4 has them, and in two, as recognisers do."""

from __future__ import annotations

import re
from types import MappingProxyType

__all__ = ["three_letters", "two_letters"]

# ISO 639-1, and behind each the terminological code of ISO 639-2.
_CODES = """
aa aar ab abk ae ave af afr ak aka am amh an arg ar ara as asm av ava ay aym az aze ba bak be bel
bg bul bi bis bm bam bn ben bo bod br bre bs bos ca cat ce che ch cha co cos cr cre cs ces cu chu
cv chv cy cym da dan de deu dv div dz dzo ee ewe el ell en eng eo epo es spa et est eu eus fa fas
ff ful fi fin fj fij fo fao fr fra fy fry ga gle gd gla gl glg gn grn gu guj gv glv ha hau he heb
hi hin ho hmo hr hrv ht hat hu hun hy hye hz her ia ina id ind ie ile ig ibo ii iii ik ipk io ido
is isl it ita iu iku iw heb ja jpn jv jav jw jav ka kat kg kon ki kik kj kua kk kaz kl kal km khm
kn kan ko kor kr kau ks kas ku kur kv kom kw cor ky kir la lat lb ltz lg lug li lim ln lin lo lao
lt lit lu lub lv lav mg mlg mh mah mi mri mk mkd ml mal mn mon mr mar ms msa mt mlt my mya na nau
nb nob nd nde ne nep ng ndo nl nld nn nno no nor nr nbl nv nav ny nya oc oci oj oji om orm or ori
os oss pa pan pi pli pl pol ps pus pt por qu que rm roh rn run ro ron ru rus rw kin sa san sc srd
sd snd se sme sg sag sh hbs si sin sk slk sl slv sm smo sn sna so som sq sqi sr srp ss ssw st sot
su sun sv swe sw swa ta tam te tel tg tgk th tha ti tir tk tuk tl tgl tn tsn to ton tr tur ts tso
tt tat tw twi ty tah ug uig uk ukr ur urd uz uzb ve ven vi vie vo vol wa wln wo wol xh xho yi yid
yo yor za zha zh zho zu zul
"""
_BY_TWO = MappingProxyType(dict(re.findall(r"\b([a-z]{2}) ([a-z]{3})\b", _CODES)))
# Some languages have an older code beside theirs (iw, ji, jw), which comes later in the alphabet.
_BY_THREE: MappingProxyType[str, str] = MappingProxyType(
    {three: two for two, three in sorted(_BY_TWO.items(), reverse=True)}
)


def three_letters(language: str) -> str:
    """Return the code of a language in three letters, ``und`` where it is not known.

    Parameters
    ----------
    language
        As BCP 47 has it, such as ``pt-BR``.

    Examples
    --------
    >>> three_letters("es-419"), three_letters("pt_BR"), three_letters("yue"), three_letters("")
    ('spa', 'por', 'yue', 'und')
    """
    code = re.split("[-_]", language.lower())[0]
    return code if re.fullmatch("[a-z]{3}", code) else _BY_TWO.get(code, "und")


def two_letters(code: str) -> str:
    """Return the code of a language in two letters; one that has none comes back as it is.

    Parameters
    ----------
    code
        Three letters of ISO 639-2 or 639-3, such as ``eng``, or a BCP 47 tag.

    Examples
    --------
    >>> two_letters("eng"), two_letters("deu"), two_letters("pt-BR"), two_letters("yue")
    ('en', 'de', 'pt-br', 'yue')
    """
    first, dash, rest = code.strip().lower().replace("_", "-").partition("-")
    return _BY_THREE.get(first, first) + dash + rest
