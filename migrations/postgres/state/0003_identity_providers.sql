-- Identities that other providers vouch for, and sign-ins on their way there and back.
SELECT 1;
