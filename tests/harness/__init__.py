"""What end-to-end, fault and load tests share: they see the platform from outside, by its command and its API."""
