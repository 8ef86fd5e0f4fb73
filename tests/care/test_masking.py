import pytest

from app.care.masking import mask_id, mask_name, mask_phone


def test_the_masks_of_the_county_rules() -> None:
    assert mask_name("张三丰") == "张**"
    assert mask_id("341524195001011234") == "341524********1234"
    assert mask_phone("13812345678") == "138****5678"


@pytest.mark.parametrize(
    ("masked", "shown"),
    [
        (mask_name(""), ""),
        (mask_name("单"), "单**"),
        (mask_id(""), ""),
        (mask_id("E12345678"), "*******78"),
        (mask_id("E123"), "****"),
        (mask_phone(""), ""),
        (mask_phone("0564-7356120"), "**********20"),
        (mask_phone("110"), "***"),
    ],
)
def test_short_and_odd_texts_show_almost_nothing(masked: str, shown: str) -> None:
    assert masked == shown
