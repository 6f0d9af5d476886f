// closer
