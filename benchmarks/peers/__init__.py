"""What Optdesk is compared with. None of it imports Optdesk."""
