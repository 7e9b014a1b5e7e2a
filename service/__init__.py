"""Salient's online half. Imports go downwards only.

__main__    the `salient` command
commands    what each command of it does
main        create_app(): the only place where the parts meet
settings    read once, by main and the command
api         HTTP in and out, one resource a file
web         the pages, built on the REST API alone
worker      the way back and the periodic work
inference   opens, verifies and runs model bundles
store       Postgres and Redis
demo        the made-up shop
decision    pure: retrieve, rank, auction, selling points, titles
contract    pure: what training and serving must agree on
errors      what can go wrong, in the words of the domain
"""
