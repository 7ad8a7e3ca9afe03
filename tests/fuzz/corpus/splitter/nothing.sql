;;
-- nothing
 ; /* at all */
-- but
x