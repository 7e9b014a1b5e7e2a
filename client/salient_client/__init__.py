"""A typed client of Salient. Methods and models are generated from its OpenAPI description.

>>> from salient_client import Salient, models
>>> with Salient("https://ads.example.com", "sk_...") as salient:
...     answer = salient.post_ads(models.AdRequest(query="lamp", placement="search_top"))
"""

from salient_client.generated import models
from salient_client.generated.async_client import AsyncSalient
from salient_client.generated.client import Salient
from salient_client.problems import ProblemError

__all__ = ["AsyncSalient", "ProblemError", "Salient", "models"]
