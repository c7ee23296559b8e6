"""The words of Optdesk, the verbs that change them and their rules; alone knows SQL."""
