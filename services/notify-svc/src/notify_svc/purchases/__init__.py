"""Purchase notifications (N2.8): one mail per accepted lead per address of its partner."""
