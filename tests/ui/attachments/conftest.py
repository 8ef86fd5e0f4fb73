"""A township's and a hospital's room of referrals, and pictures made for the purpose."""

from tests.ui.referrals.conftest import desk, dressed, keys, make_house, township

__all__ = ["desk", "dressed", "keys", "make_house", "township"]
