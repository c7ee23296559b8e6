"""From whatever a form or an automation tool posts to a lead: read, flatten, name, choose."""
