"""Display masks for identity: what is shown until a person asks for the whole.

Source: county rules §2.1 (C): name first character kept, ID first 6 and last 4, phone 3 and 4.
A short or odd text is masked whole rather than shown whole.
"""

__all__ = ["mask_id", "mask_name", "mask_phone"]


def mask_name(name: str) -> str:
    """`张三丰` → `张**`. The number of stars is always two: the length is part of a name too."""
    return f"{name[0]}**" if name else ""


def mask_id(number: str) -> str:
    """`341524195001011234` → `341524********1234`; other papers keep their last two signs."""
    if len(number) == 18:
        return f"{number[:6]}{'*' * 8}{number[-4:]}"
    if len(number) > 5:
        return "*" * (len(number) - 2) + number[-2:]
    return "*" * len(number)


def mask_phone(phone: str) -> str:
    """`13812345678` → `138****5678`; of a landline only the last two digits stay."""
    if len(phone) == 11 and phone.isdigit():
        return f"{phone[:3]}****{phone[-4:]}"
    if len(phone) > 5:
        return "*" * (len(phone) - 2) + phone[-2:]
    return "*" * len(phone)
