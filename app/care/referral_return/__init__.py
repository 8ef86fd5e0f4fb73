"""What the treating side gives back: arrival, stay, reply (回转单), hand-back, referral down."""
