"""The demonstration district (演示数据): invented places, people and cases, so that no screen starts empty."""
