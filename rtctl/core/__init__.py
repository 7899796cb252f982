"""Types that several folders of rtctl share; imports none of them."""
