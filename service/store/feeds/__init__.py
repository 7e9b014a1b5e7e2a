"""Files from outside: catalogues, campaigns and past events, with a word for each bad line."""
