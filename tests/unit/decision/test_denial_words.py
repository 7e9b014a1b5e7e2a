from __future__ import annotations

import pytest

from service.decision.attest import attest
from service.decision.denial import denied_words, telling_words
from service.decision.denial_words import DENIALS
from service.decision.language import language_of
from tests.unit.decision.shop import product

# locale, title, what it denies, what it does not
TITLES = (
    ("de", "Duscharmatur in Chrom (Ventil nicht enthalten)", "Ventil", "Chrom"),
    ("de-AT", "Heckenschere - Akku und Ladegerät nicht im Lieferumfang", "Ladegeräte", "leise"),
    ("de", "Lampe, Batterien (nicht inbegriffen)", "Batterie", "Lampe"),
    ("de", "Regal weiß, Haken separat erhältlich", "Haken", "weiß"),
    ("de", "WC-Sitz ohne Deckel mit Absenkautomatik", "Deckel", "Absenkautomatik"),
    ("de", "Wandleuchte exkl. Leuchtmittel", "Leuchtmittel", "Wandleuchte"),
    ("de", "Wandleuchte aus Messing exklusive Leuchtmittel", "Leuchtmittel", "Messing"),
    ("de", "Leuchtmittel E27, nicht dimmbar", "dimmbar", "E27"),
    ("de", "Topf, für Induktion nicht geeignet", "Induktion", "Topf"),
    ("de", "Pfanne, nicht für Induktion geeignet", "Induktion", "Pfanne"),
    ("de", "Zaun Set, keine Pfosten", "Pfosten", "Zaun"),
    ("de", "Bleifreies Lot", "Blei", "Lot"),
    ("de", "BPA-freie Flasche", "BPA", "Flasche"),
    ("de", "Bürstenloser Motor", "Bürsten", "Motor"),
    ("de", "Matte Non-Slip", "Slip", "Matte"),
    ("fr", "Mitigeur chromé (piles non incluses)", "pile", "chromé"),
    ("fr-CA", "Taille-haie - batterie et chargeur non fournis", "chargeurs", "silencieux"),
    ("fr", "Lampe, ampoule vendue séparément", "ampoules", "lampe"),
    ("fr", "Poêle sans couvercle en inox", "couvercle", "inox"),
    ("fr", "Aspirateur sans fil", "fil", "aspirateur"),
    ("fr", "Produit non toxique", "toxique", "produit"),
    ("fr", "Poêle, ne convient pas à l’induction", "induction", "poêle"),
    ("fr", "Rail sans l'attache", "attaches", "rail"),
    ("fr", "Peinture exempte de plomb", "plomb", "peinture"),
    ("fr", "Store BPA-free", "BPA", "store"),
    ("es", "Grifo cromado (válvula no incluida)", "válvulas", "cromado"),
    ("es-MX", "Taladro, no incluye batería ni cargador", "baterías", "taladro"),
    ("es", "Lámpara, bombillas no se incluyen", "bombilla", "lámpara"),
    ("es", "Estante con tapones no incluidos", "tapón", "blanco"),
    ("es", "Balda, ganchos se venden por separado", "gancho", "balda"),
    ("es", "Inodoro sin tapa con cisterna", "tapa", "cisterna"),
    ("es", "Pintura libre de plomo", "plomo", "pintura"),
    ("es", "Bombilla no regulable", "regulable", "bombilla"),
    ("es", "Sartén no apta para inducción", "inducción", "sartén"),
    ("es", "Valla, ningún poste", "postes", "valla"),
    ("it", "Rubinetto cromato (valvola non inclusa)", "valvole", "cromato"),
    ("it-CH", "Trapano - batterie e caricatore non compresi", "batteria", "leggero"),
    ("it", "Lampada, lampadine escluse", "lampadina", "lampada"),
    ("it", "Mensola, ganci venduti separatamente", "ganci", "mensola"),
    ("it", "Wc senza coperchio con cassetta", "coperchio", "cassetta"),
    ("it", "Lampadina non dimmerabile", "dimmerabile", "lampadina"),
    ("it", "Padella non adatta per induzione", "induzione", "padella"),
    ("it", "Vernice priva di piombo", "piombo", "vernice"),
    ("it", "Kit, nessun attrezzo", "attrezzi", "kit"),
    ("pt-BR", "Torneira cromada (válvula não incluída)", "válvulas", "cromada"),
    ("pt", "Furadeira, não acompanha carregador", "carregador", "furadeira"),
    ("pt", "Furadeira (carregador não acompanha)", "carregador", "furadeira"),
    ("pt", "Relógio no estilo clássico, nao inclui pilhas", "pilha", "clássico"),
    ("pt", "Prateleira, ganchos vendidos separadamente", "gancho", "prateleira"),
    ("pt", "Panela sem tampa com cabo", "tampas", "cabo"),
    ("pt", "Tinta livre de chumbo", "chumbo", "tinta"),
    ("pt", "Frigideira, não indicada para indução", "indução", "frigideira"),
    ("pt", "Camisa sem botões", "botão", "camisa"),
    ("pt", "Kit com nenhum parafuso", "parafusos", "kit"),
    ("nl", "Kraan chroom (ventiel niet inbegrepen)", "ventiel", "chroom"),
    ("nl-BE", "Heggenschaar - accu en lader niet meegeleverd", "lader", "stil"),
    ("nl", "Lamp, lampen apart verkrijgbaar", "lampen", "messing"),
    ("nl", "Toilet zonder deksel met zitting", "deksels", "zitting"),
    ("nl", "Wandlamp messing exclusief lichtbron", "lichtbron", "messing"),
    ("nl", "Wandlamp excl. lichtbron", "lichtbron", "wandlamp"),
    ("nl", "Lamp, niet dimbaar", "dimbaar", "lamp"),
    ("nl", "Pan, niet geschikt voor inductie", "inductie", "pan"),
    ("nl", "Hek set, geen palen", "palen", "hek"),
    ("nl", "Loodvrije verf", "lood", "verf"),
    ("nl", "Draadloze bel", "draad", "bel"),
    ("sv", "Kran (Valve Not Included)", "valve", "kran"),  # no list: English
)


@pytest.mark.parametrize(("locale", "title", "denied", "kept"), TITLES)
def test_a_title_denies_in_the_shops_language(
    locale: str, title: str, denied: str, kept: str
) -> None:
    shown = attest(product("1", title, denied, kept), language_of(locale))
    assert [point.text for point in shown] == [kept]


@pytest.mark.parametrize(
    ("locale", "title"),
    [
        ("de", "Exklusive Uhr aus Gold"),
        ("de", "Freistehende Badewanne, Lieferung frei Haus"),
        ("de", "Jacke nicht nur wasserdicht"),
        ("de", "Not-Aus-Schalter, Minus 20 Grad"),
        ("fr", "Moteur hors-bord, adaptateur pas de vis M14"),
        ("es", "Vestido No. 5, no sólo elegante"),
        ("it", "Giacca non solo impermeabile"),
        ("pt", "Relógio no estilo clássico no pulso"),
        ("pt", "Relógio não só elegante"),
        ("nl", "Exclusief horloge, niet alleen chic"),
        ("fr", "Ampoule LED avec pile incluse"),
        ("de", ""),
    ],
)
def test_words_that_only_look_like_a_denial_deny_nothing(locale: str, title: str) -> None:
    assert denied_words(title, language_of(locale)) == frozenset()


def test_small_words_tell_nothing_in_any_number() -> None:
    assert telling_words("Mit weiteren Schrauben", language_of("de")) == {"schraub"}
    assert telling_words("avec les autres vis incluses", language_of("fr")) == {"vis"}


@pytest.mark.parametrize(
    ("locale", "shreds", "kept"),
    [
        (
            "de",
            ["Akku nicht enthalten", "Ventil nicht", "separat erhältlich"],
            "rutscht nicht weg",
        ),
        ("fr", ["piles non incluses", "vendu séparément", "couvercle sans"], "le plus vendu"),
        ("es", ["pilas no incluidas", "se vende por separado", "tapa sin"], "más vendido"),
        ("it", ["pile escluse", "venduto a parte", "coperchio non"], "più venduto"),
        ("pt", ["pilhas não incluídas", "vendido separadamente", "tampa sem"], "mais vendido"),
        ("nl", ["accu niet inbegrepen", "apart verkrijgbaar", "deksel zonder"], "best gekozen"),
    ],
)
def test_what_only_says_that_something_is_missing_is_no_selling_point(
    locale: str, shreds: list[str], kept: str
) -> None:
    shown = attest(product("1", "XY", *shreds, kept), language_of(locale))
    assert [point.text for point in shown] == [kept]


@pytest.mark.parametrize(
    ("locale", "yes", "no"),
    [
        ("de", "Ja", "Nein"),
        ("fr", "oui", "non"),
        ("es", "sí", "no"),
        ("it", "sì", "no"),
        ("pt", "sim", "não"),
        ("nl", "ja", "nee"),
        ("de", "yes", "no"),
    ],
)
def test_attributes_say_yes_and_no_in_the_shops_language(locale: str, yes: str, no: str) -> None:
    made = product("1", "XY", "abc xyz", attributes={"lavabo": yes, "xyz": no})
    assert [point.text for point in attest(made, language_of(locale))] == ["lavabo"]


@pytest.mark.parametrize("code", DENIALS)
def test_a_phrase_that_denies_as_the_title_does_stays(code: str) -> None:
    language = language_of(code)
    without = {"de": "ohne", "fr": "sans", "es": "sin", "it": "senza", "pt": "sem", "nl": "zonder"}
    honest = f"{without.get(code, 'without')} metal"
    shown = attest(product("1", f"XY {honest}", honest, "metal"), language)
    assert [point.text for point in shown] == [honest]
