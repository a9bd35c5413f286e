-- Second factors: what a person proves besides the password.
SELECT 1;
