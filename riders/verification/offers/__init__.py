"""Who is offered a look on site: who may look, who wants to be asked, and who says he is near."""
