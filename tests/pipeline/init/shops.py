SHOPS = {}
