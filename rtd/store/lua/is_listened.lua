-- is_listened: whether the beginnings of runs are wanted.
--@use listened
local known = listened()
return (known == '1' or known == '2') and 1 or 0
