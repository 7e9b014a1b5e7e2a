"""Words that say nothing about a product, by language."""

from __future__ import annotations

from typing import Final

STOP_WORDS: Final = {
    "de": "der die das den dem des ein eine einen einem einer und oder mit ohne für von aus in "
    "im am an auf zu zum zur bei ist",
    "en": "a an and are as at be by for from has in into is it its of off on or per that the "
    "their this to with your our you we",
    "es": "el la los las un una unos unas y o con sin para por de del al en es su",
    "fr": "le la les un une des et ou avec sans pour par de du d l au aux en est sur",
    "it": "il lo la i gli le un uno una e o con senza per di del della dei da in al è su",
    "nl": "de het een en of met zonder voor van uit in op aan te bij is",
    "pt": "o a os as um uma e ou com sem para por de do da dos das em no na é",
}
