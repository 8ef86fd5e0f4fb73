"""Files that go with a referral, a reply, a consultation or an expert visit."""
