package dev.palimpsest.generate;

/**
 * A completion to be judged. After a chat its closing end-of-turn token is judged with it.
 *
 * @param prompt what it follows
 * @param completion the text
 */
public record Continuation(Prompt prompt, String completion) {}
