module overwritechannel/original

go 1.19
