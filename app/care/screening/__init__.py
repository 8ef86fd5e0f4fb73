"""Blood-pressure screening of residents from 35 years who have no hypertension."""
