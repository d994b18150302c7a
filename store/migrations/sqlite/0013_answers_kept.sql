-- +goose Up

-- Answers to onboarding sheets are removed by their age.
CREATE INDEX sheet_answers_at ON sheet_answers (at);
