"""How each language says what a selling point may claim, and what none may. Without case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ClaimWords:
    """Patterns of one language. The first five are cut out of titles and descriptions as found."""

    promo: str
    service: str
    social: str
    stock: str
    benefit: str
    superlative: str  # what nobody can prove
    health: str  # what needs a certificate
    until: str  # stands before the day on which an offer ends
    certificate: str  # the name of an attribute that holds one


ENGLISH: Final = ClaimWords(
    promo=r"\d{1,2}\s?%\s+off\b|\bsave\s+\d{1,2}\s?%|\bbuy\s+\w+,?\s+get\s+\w+(?:\s+free)?\b"
    r"|\bfree\s+gift\b",
    service=r"\bfree\s+(?:shipping|delivery|returns?|installation|assembly|engraving)\b"
    r"|\b(?:\d+|one|two|three|five|ten)[\s-](?:year|month|day|night)s?[\s-]"
    r"(?:limited\s+)?(?:warranty|guarantee|trial|returns?)\b"
    r"|\b(?:limited\s+)?lifetime\s+(?:warranty|guarantee)\b|\bmoney[\s-]back\s+guarantee\b",
    social=r"\bbest[\s-]?sell(?:er|ing)\b|\baward[\s-]winning\b"
    r"|\brated\s+\d(?:\.\d)?\s*(?:stars?\b|/\s?5)",
    stock=r"\bonly\s+\d+\s+left\b|\b(?:low|limited)\s+stock\b|\bwhile\s+(?:stocks?|supplies)\s+lasts?\b"
    r"|\blast\s+chance\b|\bback\s+in\s+stock\b|\bselling\s+fast\b",
    benefit=r"\b[^\W\d_]{3,}[\s-](?:resistant|proof|friendly)\b"
    r"|\b[^\W\d_]{3,}-(?:free|safe|activated|powered|adjustable|compatible|certified|washable)\b"
    r"|\b(?:water|wind|weather|rust|shock|dust|fire|leak|child|rot|scratch|stain|odou?r)proof\b"
    r"|\b(?:cordless|wireless|rechargeable|reusable|foldable|stackable|breathable|dimmable"
    r"|hypoallergenic|handmade|hand[\s-]?crafted|reversible|biodegradable|recyclable"
    r"|machine\s+washable|dishwasher\s+safe|height[\s-]adjustable|non[\s-]slip"
    r"|self[\s-](?:adhesive|cleaning|closing|locking))\b",
    superlative=r"\b(?:best(?![\s-]?sell)|finest|greatest|cheapest|unbeatable|unrivall?ed|unmatched"
    r"|perfect|ultimate|no\.?\s?1|number\s+one|top[\s-]quality)\b|#\s?1\b"
    r"|\b(?:the|world'?s)\s+(?:\w+est|most\s+\w+)\b|\b(?:lowest|highest|strongest|fastest"
    r"|lightest|quietest|safest|largest|biggest|smallest)\b",
    health=r"\b(?:cures?|heals?|treats|prevents?\s+(?:disease|infection|illness|cancer)"
    r"|medical(?:ly)?[\s-](?:grade|proven|tested)|clinically\s+\w+|dermatologist"
    r"|fda[\s-](?:approved|cleared)|anti-?(?:bacterial|microbial|viral|inflammatory|ag(?:e)?ing)"
    r"|pain\s+relief|relieves|detox\w*|immun\w+|weight[\s-]loss|lowers?\s+(?:blood|cholesterol)"
    r"|therapeutic|orthop(?:a)?edic)\b",
    until=r"until|till|through|ends?(?:\s+on)?|expires?(?:\s+on)?|valid\s+(?:to|until)|by",
    certificate=r"certificat|certified|approval",
)

_GERMAN: Final = ClaimWords(
    promo=r"\d{1,2}\s?%\s+(?:Rabatt|reduziert|günstiger)\b|\bspare\w*\s+\d{1,2}\s?%|\bGratisgeschenk\b",
    service=r"\b(?:kostenlose[rn]?|gratis|versandkostenfreie)\s+(?:Versand|Lieferung|Rückgabe"
    r"|Rücksendung|Montage)\b|\b\d+\s+(?:Jahre|Monate|Tage|Nächte)\s+(?:Garantie|Rückgaberecht|Probe\w*)\b"
    r"|\blebenslange\s+Garantie\b|\bGeld-zurück-Garantie\b",
    social=r"\bBestseller\b|\bpreisgekrönt\w*\b|\bTestsieger\b",
    stock=r"\bnur\s+noch\s+\d+\b(?:\s+(?:Stück|verfügbar|auf\s+Lager))?"
    r"|\bsolange\s+(?:der\s+)?Vorrat\s+reicht\b|\bwieder\s+lieferbar\b",
    benefit=r"\b\w{3,}(?:fest|dicht|beständig|abweisend|waschbar|geeignet)\b|\b\w{3,}-frei\b"
    r"|\b(?:kabellos|faltbar|stapelbar|atmungsaktiv|dimmbar|höhenverstellbar|rutschfest"
    r"|wiederverwendbar|selbstklebend|handgefertigt|wiederaufladbar)\b",
    superlative=r"\b(?:beste[rnms]?|günstigste\w*|unschlagbar\w*|perfekte?\w*|ultimative\w*|einzigartig\w*"
    r"|Nr\.?\s?1|Nummer\s+eins|höchste\w*|niedrigste\w*|stärkste\w*|leichteste\w*|weltweit\s+\w+ste\w*)\b",
    health=r"\b(?:heilt|heilend\w*|lindert|schmerzlindernd\w*|antibakteriell\w*|antiviral\w*"
    r"|klinisch\s+\w+|dermatologisch\s+\w+|medizinisch\w*|entgiftend\w*|immunstärkend\w*"
    r"|orthopädisch\w*|therapeutisch\w*)\b",
    until=r"bis(?:\s+zum)?|gültig\s+bis(?:\s+zum)?|endet(?:\s+am)?",
    certificate=r"zertifi|zulassung|prüfsiegel",
)

_FRENCH: Final = ClaimWords(
    promo=r"-?\s?\d{1,2}\s?%\s+de\s+(?:remise|réduction)\b|\bcadeau\s+offert\b",
    service=r"\b(?:livraison|retours?|installation)\s+(?:gratuite?s?|offerte?s?)\b"
    r"|\bgaranti\w*\s+(?:\d+\s+(?:ans?|mois)|à\s+vie)\b|\bsatisfait\s+ou\s+remboursé\b",
    social=r"\bmeilleures?\s+ventes?\b|\bprimée?s?\b",
    stock=r"\bplus\s+que\s+\d+\b(?:\s+(?:en\s+stock|pièces?))?"
    r"|\bstock\s+limité\b|\bde\s+retour\s+en\s+stock\b",
    benefit=r"\brésistante?s?\s+(?:à\s+l['’]|aux?\s+|à\s+la\s+)\w+\b|\banti[\s-]?(?:dérapante?|rouille)s?\b"
    r"|\b(?:imperméable|sans\s+fil|pliable|empilable|respirant|rechargeable|réutilisable"
    r"|lavable\s+en\s+machine|fait\s+main|autocollant|réglable\s+en\s+hauteur)s?\b",
    superlative=r"\b(?:(?:le|la|les)\s+(?:meilleure?s?(?!\s+ventes?)|plus\s+(?!vendu)\w+)|imbattables?|parfaite?s?"
    r"|ultime|incomparables?|n°\s?1|numéro\s+un)\b",
    health=r"\b(?:guérit|soigne|soulage|antibactérien\w*|antiviral\w*|cliniquement\s+\w+"
    r"|dermatologiquement\s+\w+|médica\w+|détox\w*|immunit\w+|orthopédique|thérapeutique)s?\b",
    until=r"jusqu['’]au|valable\s+jusqu['’]au|fin\s+le",
    certificate=r"certifi|agrément|homologation",
)

_SPANISH: Final = ClaimWords(
    promo=r"\d{1,2}\s?%\s+de\s+descuento\b|\bregalo\s+gratis\b",
    service=r"\b(?:envío|entrega|devoluci(?:ón|ones)|instalación)\s+(?:gratis|gratuit[oa]s?)\b"
    r"|\bgarantía\s+(?:de\s+\d+\s+(?:años?|meses)|de\s+por\s+vida)\b",
    social=r"\bmás\s+vendid[oa]s?\b|\bpremiad[oa]s?\b",
    stock=r"\bsolo\s+quedan\s+\d+\b|\bhasta\s+agotar\s+existencias\b|\búltimas\s+unidades\b",
    benefit=r"\bresistentes?\s+(?:al?|a\s+la)\s+\w+\b|\bantideslizantes?\b"
    r"|\b(?:impermeable|inalámbric[oa]|plegable|apilable|transpirable|recargable|reutilizable"
    r"|lavable\s+a\s+máquina|hech[oa]\s+a\s+mano|autoadhesiv[oa]|regulable\s+en\s+altura)s?\b",
    superlative=r"\b(?:(?:el|la|los|las)\s+(?:mejor(?:es)?|más\s+(?!vendid)\w+)|inmejorables?|perfect[oa]s?"
    r"|insuperables?|número\s+uno)\b|\bn[.º]+\s?1\b",
    health=r"\b(?:cura|sana|alivia|antibacterian[oa]|antiviral|clínicamente\s+\w+"
    r"|dermatológicamente\s+\w+|médic[oa]|desintoxica\w*|inmun\w+|ortopédic[oa]|terapéutic[oa])s?\b",
    until=r"hasta(?:\s+el)?|válid[oa]\s+hasta(?:\s+el)?",
    certificate=r"certific|homologación",
)

_ITALIAN: Final = ClaimWords(
    promo=r"\d{1,2}\s?%\s+di\s+sconto\b|\bomaggio\s+gratuito\b",
    service=r"\b(?:spedizione|consegna|resi?|installazione)\s+gratuit[aoi]\b"
    r"|\bgaranzia\s+(?:di\s+\d+\s+(?:anni|mesi)|a\s+vita)\b",
    social=r"\bpiù\s+vendut[oaie]\b|\bpremiat[oaie]\b",
    stock=r"\bsolo\s+\d+\s+(?:rimast[ie]|disponibili)\b|\bfino\s+ad\s+esaurimento\s+scorte\b",
    benefit=r"\bresistent[ei]\s+(?:all['’]|al\s+|alla\s+|agli\s+|ai\s+)\w+\b|\bantiscivolo\b"
    r"|\b(?:impermeabil[ei]|senza\s+fili|pieghevol[ei]|impilabil[ei]|traspirant[ei]|ricaricabil[ei]"
    r"|riutilizzabil[ei]|lavabil[ei]\s+in\s+lavatrice|fatt[oa]\s+a\s+mano|autoadesiv[oa])\b",
    superlative=r"\b(?:(?:il|la|i|le)\s+(?:miglior[ei]?|più\s+(?!vendut)\w+)|imbattibil[ei]|perfett[oaie]"
    r"|insuperabil[ei]|numero\s+uno)\b|\bn[.°]+\s?1\b",
    health=r"\b(?:cura|guarisce|allevia|antibatteric[oa]|antiviral[ei]|clinicamente\s+\w+"
    r"|dermatologicamente\s+\w+|medic[oa]|disintossicant[ei]|immunit\w+|ortopedic[oa]"
    r"|terapeutic[oa])\b",
    until=r"fino\s+al|valid[oa]\s+fino\s+al",
    certificate=r"certific|omologazione",
)

_PORTUGUESE: Final = ClaimWords(
    promo=r"\d{1,2}\s?%\s+de\s+desconto\b|\bbrinde\s+grátis\b",
    service=r"\b(?:frete|entrega|envio|devolução|instalação)\s+(?:grátis|gratuit[oa])\b"
    r"|\bgarantia\s+(?:de\s+\d+\s+(?:anos?|meses)|vitalícia)\b",
    social=r"\bmais\s+vendid[oa]s?\b|\bpremiad[oa]s?\b",
    stock=r"\b(?:só\s+restam|restam\s+apenas)\s+\d+\b|\benquanto\s+durarem\s+os\s+estoques\b",
    benefit=r"\bresistentes?\s+(?:ao?|à)\s+\w+\b|\bantiderrapantes?\b"
    r"|\b(?:impermeável|impermeáveis|sem\s+fio|dobrável|empilhável|respirável|recarregável"
    r"|reutilizável|lavável\s+na\s+máquina|feit[oa]\s+à\s+mão|autoadesiv[oa])\b",
    superlative=r"\b(?:[oa]s?\s+(?:melhor(?:es)?|mais\s+(?!vendid)\w+)|imbatíve(?:l|is)|perfeit[oa]s?"
    r"|insuperáve(?:l|is)|número\s+um)\b|\bn[.º]+\s?1\b",
    health=r"\b(?:cura|alivia|antibacterian[oa]|antiviral|clinicamente\s+\w+"
    r"|dermatologicamente\s+\w+|médic[oa]|desintoxica\w*|imun\w+|ortopédic[oa]|terapêutic[oa])s?\b",
    until=r"até(?:\s+(?:o|ao))?|válid[oa]\s+até",
    certificate=r"certific|homologação",
)

_DUTCH: Final = ClaimWords(
    promo=r"\d{1,2}\s?%\s+korting\b|\bgratis\s+cadeau\b",
    service=r"\bgratis\s+(?:verzending|bezorging|levering|retour(?:neren)?|montage)\b"
    r"|\b\d+\s+(?:jaar|maanden|dagen|nachten)\s+(?:garantie|bedenktijd|proef\w*)\b"
    r"|\blevenslange\s+garantie\b|\bniet-goed-geld-terug\w*\b",
    social=r"\bbest\s+verkochte?\b|\bbestseller\b|\bbekroonde?\b",
    stock=r"\bnog\s+maar\s+\d+\b(?:\s+(?:stuks|op\s+voorraad))?|\bzolang\s+de\s+voorraad\s+strekt\b"
    r"|\bweer\s+op\s+voorraad\b",
    benefit=r"\b\w{3,}(?:bestendige?|dichte?|afstotende?|wasbare?)\b|\b\w{3,}-vrije?\b"
    r"|\b(?:draadloze?|opvouwbare?|stapelbare?|ademende?|dimbare?|oplaadbare?|herbruikbare?"
    r"|antislip|zelfklevende?|handgemaakte?)\b",
    superlative=r"\b(?:beste(?!\s+verkocht)|goedkoopste|onverslaanbare?|perfecte?|ultieme|nummer\s+één"
    r"|hoogste|laagste|sterkste|lichtste|snelste)\b",
    health=r"\b(?:geneest|genezende?|verlicht\s+pijn|pijnstillende?|antibacteriële?|antivirale?"
    r"|klinisch\s+\w+|dermatologisch\s+\w+|medische?|ontgiftende?|immuun\w*|orthopedische?"
    r"|therapeutische?)\b",
    until=r"tot(?:\s+en\s+met)?|geldig\s+tot",
    certificate=r"certific|keurmerk",
)

CLAIMS: Final = {
    "de": _GERMAN,
    "en": ENGLISH,
    "es": _SPANISH,
    "fr": _FRENCH,
    "it": _ITALIAN,
    "nl": _DUTCH,
    "pt": _PORTUGUESE,
}
"""By language; any other is read as if it were English."""
