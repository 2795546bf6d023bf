package dev.palimpsest.tokenizer;

/**
 * One turn of a conversation.
 *
 * @param role such as system, user, assistant
 * @param content its text
 */
public record Message(String role, String content) {}
