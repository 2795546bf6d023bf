package dev.palimpsest.tokenizer;

/**
 * One message of a conversation.
 *
 * @param role "system", "user", "assistant" or what else the chat template knows
 * @param content the text
 */
public record Message(String role, String content) {}
