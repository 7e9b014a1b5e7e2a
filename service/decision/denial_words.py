"""How each language says that something is missing. Patterns match without case, in one clause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class DenialWords:
    """What a denial is made of; words stand in one string, between spaces."""

    missing: str  # closes a denial: what stands before it is not in the box
    ahead: tuple[tuple[str, int], ...]  # opens one, and how many of the next words it may reach
    turns: str  # the words that end this reach
    silent: str  # what can be neither denied nor claimed
    cut_short: str  # the last word of a phrase that breaks off within a denial
    yes: str  # values of an attribute
    no: str
    free: str = ""  # its group is what is denied: "lead-free"
    fragments: str = ""  # a phrase with one of these was torn out of a denial


_NOT_WHAT_FOR: Final = (
    "(?:an?|be|by|for|from|in|on|to|with"
    "|compatible|designed|intended|made|recommended|suitable|use)"
)

ENGLISH: Final = DenialWords(
    missing=r"\b(?:not|isn't|aren't)\s+(?:incl(?:ude[ds]?)?|inc|provided|supplied|sold)\b"
    r"|\bsold\s+sep[ae]r\w*|\bexcluded\b|\bnot\s+in\s+(?:the\s+)?box\b",
    ahead=(
        (r"(?<!\w)(?:without|w/o|excluding|excludes|except|minus|lacks|lacking)\s+", 4),
        (r"(?<![\w-])less\s+(?!than\b)", 4),
        (r"(?<![\w-])no(?![.\w])[\s-]+(?!\d)", 3),
        (rf"(?<![\w-])not\s+(?:{_NOT_WHAT_FOR}\s+)*", 3),
        (r"(?<![\w-])non[\s-]*(?=\w)", 1),
    ),
    # "frost free": but "with free gift" and "pedestal free standing"
    free=r"([^\W_]+)[\s-]+free\b(?![\s-]+(?:standing|shipping|delivery|returns?|gift|app)\b)",
    turns="with for in on by from when but",
    silent="a an and any are at by for free from get has have in incl include included includes "
    "including is it its of on or other own separate separately sold the this to was with "
    "without no non not less",
    cut_short="not no without",
    fragments="sold",
    yes="yes true y",
    no="no false n none n/a na 0",
)

BORROWED: Final = DenialWords(  # what feeds in other languages say in English, too
    missing=ENGLISH.missing,
    ahead=(
        (r"(?<!\w)(?:without|w/o|excl\.?)\s+", 4),
        (r"(?<![\w-])non-(?=\w)", 1),
    ),
    free=ENGLISH.free,
    turns="with for",
    silent="and the free included not without non sold separately",
    cut_short="not without",
    yes=ENGLISH.yes,
    no=ENGLISH.no,
)

_GERMAN: Final = DenialWords(
    missing=r"\bnicht\s+(?:mit\s+)?(?:enthalten|inbegriffen|inklusive|inkludiert|inkl|dabei"
    r"|mitgeliefert|beiliegend|beigelegt|eingeschlossen)\b"
    r"|\bnicht\s+(?:im\s+(?:\w*lieferumfang|preis|set|paket)|in\s+der\s+lieferung)\b"
    r"|\b(?:separat|gesondert|einzeln|extra|optional)\s+(?:erhältlich|verkauft|bestellbar"
    r"|lieferbar|zu\s+(?:kaufen|bestellen|erwerben))\b"
    r"|\bnicht\s+(?:geeignet|kompatibel)\s*$",
    ahead=(
        (r"(?<!\w)(?:ohne|exkl\.?|ausgenommen|außer|ausser|zzgl\.?|zuzüglich)\s+", 4),
        (r"(?<=\w\s)exklusive\s+", 4),  # first in a clause it praises
        (r"(?<![\w-])kein(?:e[mnrs]?)?\s+", 3),
        (
            r"(?<![\w-])nicht\s+(?!nur\b)(?:(?:für|zum|zur|mit|im|in|auf|den|die|das"
            r"|geeignet|kompatibel|verwendbar|bestimmt)\s+)*",
            3,
        ),
    ),
    free=r"(?<![^\W_])([^\W_]{2,}?)-?(?:frei|los)(?:e[mnrs]?)?\b",  # bleifrei, kabellos
    turns="mit für in im auf bei von vom aus an am aber sowie inkl inklusive zum zur als",
    silent="der die das den dem des ein eine einen einem einer und oder mit ohne für von aus in "
    "im am an auf zu zum zur bei ist sind als auch nur nicht kein keine keinen keiner enthalten "
    "inbegriffen inklusive inkl dabei mitgeliefert lieferumfang separat gesondert einzeln "
    "erhältlich verkauft geeignet frei weitere sonstige",
    cut_short="nicht ohne kein keine exkl",
    yes="ja j wahr",
    no="nein kein keine ohne falsch",
)

_FRENCH: Final = DenialWords(
    missing=r"\b(?:non|pas)[\s-]+(?:incl|inclu(?:s|ses?)?|fournie?s?|compris(?:es?)?|livrée?s?"
    r"|vendue?s?)\b"
    r"|\bvendue?s?\s+(?:séparément|separement|à\s+part)\b|\ben\s+option\b|\bexclu(?:s|es?)?\b",
    ahead=(
        (r"(?<!\w)(?:sans|hormis|sauf|excepté)[\s-]+", 4),
        (r"(?<![\w-])hors[\s-]+(?!(?:sol|bord|série|taille)\b|d['’])", 3),
        (r"(?<![\w-])aucune?\s+", 3),
        (
            r"(?<!\w)n(?:e\s+|['’])\w+\s+pas\s+(?:(?:à|aux?|avec|pour|de|du|la|les?"
            r"|compatibles?|adaptée?s?)\s+|[dl]['’])*",
            3,
        ),
        (
            r"(?<![\w-])non[\s-]+(?:(?:compatibles?|adaptée?s?|à|aux?|avec|pour|la|les?)\s+|l['’])*",
            1,
        ),
        (r"(?<!\w)(?:exempte?s?|dépourvue?s?)\s+d(?:e\s+|['’])", 3),
    ),
    turns="avec pour en dans sur par mais",
    silent="le la les l un une des de du d et ou ni à au aux avec sans pour par en dans sur est "
    "sont non pas ne n inclus incluse fourni fournie compris comprise livré livrée vendu vendue "
    "séparément part option autre autres",
    cut_short="sans non pas",
    yes="oui o vrai",
    no="non aucun aucune sans faux",
)

_SPANISH: Final = DenialWords(
    missing=r"\bno\s+(?:est[áa]n?\s+|vienen?\s+)?(?:incluid[oa]s?|inclus[oa]s?|suministrad[oa]s?"
    r"|incl)\b|\bno\s+se\s+(?:incluyen?|suministran?)\b|\bno\s+incluyen?\s*$"
    r"|\b(?:se\s+venden?|vendid[oa]s?|de\s+venta|disponibles?)\s+(?:por\s+separado|aparte)\b"
    r"|\bexcluid[oa]s?\b",
    ahead=(
        (r"(?<!\w)(?:sin|excepto|salvo)\s+", 4),
        (
            r"(?<![\w-])no(?![.\w])[\s-]+(?!\d|s[oó]lo\b)(?:(?:apt[oa]s?|adecuad[oa]s?|compatibles?"
            r"|recomendad[oa]s?|para|con|de|el|las?|los|es|son|incluyen?|contienen?|tienen?"
            r"|llevan?|traen?|vienen?)\s+)*",
            3,
        ),
        (r"(?<!\w)(?:libres?|exent[oa]s?|carecen?)\s+de\s+", 3),
        (r"(?<!\w)ning[uú]n[oa]?\s+", 3),
    ),
    turns="con para en por desde pero",
    silent="el la los las lo un una unos unas y e o u de del al a con sin para por en es son no "
    "se su sus ni incluido incluida incluye incluyen incl separado aparte venta vende venden otro "
    "otra otros otras",
    cut_short="sin no",
    yes="sí si s verdadero",
    no="no ninguno ninguna sin falso",
)

_ITALIAN: Final = DenialWords(
    missing=r"\bnon\s+(?:(?:è|sono)\s+)?(?:inclus[oaie]|compres[oaie]|fornit[oaie]|incl)\b"
    r"|\bnon\s+in\s+dotazione\b|\besclus[oaie]\b"
    r"|\b(?:vendut[oaie]|acquistabil[ei]|disponibil[ei])\s+(?:separatamente|a\s+parte)\b",
    ahead=(
        (r"(?<!\w)(?:senza|eccetto|tranne|salvo)\s+", 4),
        (
            r"(?<![\w-])non[\s-]+(?!solo\b)(?:(?:adatt[oaie]|idone[oaie]|compatibil[ei]"
            r"|consigliat[oaie]|per|con|di|il|lo|la|le|gli|i|ai|al|alle|alla|è|sono|ha"
            r"|includ(?:e|ono)|contien[ei])\s+)*",
            3,
        ),
        (r"(?<!\w)(?:priv[oaie]\s+di|(?:esent[ei]|liber[oaie])\s+da)\s+", 3),
        (r"(?<!\w)nessun[oa]?\s+", 3),
    ),
    turns="con per in nel nella su da ma",
    silent="il lo la i gli le l un uno una e o di del dello della dei degli delle a al alla ai "
    "alle con senza per in nel nella su da è sono non né incluso inclusa inclusi incluse compreso "
    "compresa fornito fornita separatamente parte dotazione altro altra altri altre",
    cut_short="senza non",
    yes="sì si s vero",
    no="no nessuno nessuna senza falso",
)

_PORTUGUESE: Final = DenialWords(
    missing=r"\bn[ãa]o\s+(?:est(?:á|a|ão|ao)\s+)?(?:inclu[ií]d[oa]s?|inclus[oa]s?|fornecid[oa]s?"
    r"|incl)\b|\bn[ãa]o\s+(?:acompanham?|inclui|incluem)\s*$|\bexclu[ií]d[oa]s?\b"
    r"|\bvendid[oa]s?\s+(?:separadamente|[àa]\s+parte|em\s+separado)\b",
    ahead=(
        (r"(?<!\w)(?:sem|exceto|salvo)\s+", 4),
        (
            r"(?<![\w-])n[ãa]o[\s-]+(?!s[óo]\b|apenas\b)(?:(?:adequad[oa]s?|compat[ií]ve(?:l|is)"
            r"|recomendad[oa]s?|indicad[oa]s?|para|com|de|os?|as?|é|são|inclui|incluem|contém|tem"
            r"|possuem?|possui|acompanham?|vem|vêm)\s+)*",
            3,
        ),
        (r"(?<!\w)(?:livres?|isent[oa]s?)\s+d[aeo]s?\s+", 3),
        (r"(?<!\w)nenhuma?\s+", 3),
    ),
    turns="com para pra em no na nos nas por mas",
    silent="o a os as um uma uns umas e ou de do da dos das com sem para por em no na nos nas é "
    "são não nao nem incluído incluída incluso inclusa inclui incluem acompanha acompanham "
    "vendido vendida separadamente parte outro outra outros outras",
    cut_short="sem não nao",
    yes="sim s verdadeiro",
    no="não nao nenhum nenhuma sem falso",
)

_DUTCH: Final = DenialWords(
    missing=r"\bniet\s+(?:inbegrepen|inclusief|meegeleverd|bijgeleverd|bijgesloten|geleverd|incl)\b"
    r"|\bniet\s+(?:geschikt|compatibel)\s*$|\bniet\s+bij\s+de\s+(?:levering|prijs)\b"
    r"|\b(?:apart|los|afzonderlijk|separaat)\s+(?:verkrijgbaar|verkocht|leverbaar|te\s+koop"
    r"|(?:bij\s*)?te\s*bestellen)\b",
    ahead=(
        (r"(?<!\w)(?:zonder|behalve|uitgezonderd)\s+", 4),
        (r"(?<=\w\s)exclusief\s+", 4),  # first in a clause it praises
        (r"(?<![\w-])geen\s+", 3),
        (
            r"(?<![\w-])niet\s+(?!alleen\b)(?:(?:geschikt|compatibel|bedoeld|voor|met|in|op|de|het"
            r"|een)\s+)*",
            3,
        ),
    ),
    free=r"(?<![^\W_])([^\W_]{2,}?)-?(?:vrije?|loos|loze)\b",  # loodvrij, draadloos
    turns="met voor in op bij van uit maar door aan als",
    silent="de het een en of met zonder voor van uit in op aan te bij is zijn niet geen "
    "inbegrepen inclusief incl meegeleverd bijgeleverd geleverd apart los afzonderlijk "
    "verkrijgbaar verkocht geschikt vrij andere overige",
    cut_short="zonder niet geen",
    yes="ja j waar",
    no="nee geen zonder onwaar",
)

DENIALS: Final = {
    "de": _GERMAN,
    "en": ENGLISH,
    "es": _SPANISH,
    "fr": _FRENCH,
    "it": _ITALIAN,
    "nl": _DUTCH,
    "pt": _PORTUGUESE,
}
"""By language."""
