package dev.palimpsest.data;

import dev.palimpsest.tokenizer.Message;
import java.util.List;

/** Templates after the ways of the families. */
enum FakeTemplate implements Template {
  /** A system prompt of its own; a line break after each turn. */
  CHATML {
    @Override
    public String render(List<Message> messages) {
      String own = has(messages, "system") ? "" : "<|im_start|>system\nBe good.<|im_end|>\n";
      return own + turns(messages, "<|im_start|>", "\n", "<|im_end|>\n");
    }

    @Override
    String opening() {
      return "<|im_start|>assistant\n";
    }
  },
  /** BOS in the text, contents trimmed, nothing after the end of a turn. */
  LLAMA {
    @Override
    public String render(List<Message> messages) {
      StringBuilder text = new StringBuilder("<bos>");
      for (Message m : messages) {
        text.append("<head>" + m.role() + "</head>\n\n" + m.content().strip() + "<eot>");
      }
      return text.toString();
    }

    @Override
    String opening() {
      return "<head>assistant</head>\n\n";
    }
  },
  /** The end of text after the last turn, when no reply is asked for. */
  PHI {
    @Override
    public String render(List<Message> messages) {
      return turns(messages, "<|", "|>\n", "<|end|>\n") + "<eos>";
    }

    @Override
    public String renderForReply(List<Message> messages) {
      return turns(messages, "<|", "|>\n", "<|end|>\n") + "<|assistant|>\n";
    }

    @Override
    String opening() {
      return "";
    }
  },
  /** Reasoning is shown in the last answer only. */
  THINKING {
    @Override
    public String render(List<Message> messages) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < messages.size(); i++) {
        Message m = messages.get(i);
        boolean thinks = m.role().equals("assistant") && i == messages.size() - 1;
        text.append("<start>" + m.role() + "\n" + (thinks ? "[no thought]\n" : ""));
        text.append(m.content() + "<end>\n");
      }
      return text.toString();
    }

    @Override
    String opening() {
      return "<start>assistant\n";
    }
  },
  /** A reply is asked for otherwise than it is shown. */
  FORCED {
    @Override
    public String render(List<Message> messages) {
      return turns(messages, "<start>", "\n", "<end>\n");
    }

    @Override
    String opening() {
      return "<start>assistant\nI think that ";
    }
  },
  /** No mark closes a turn. */
  OPEN {
    @Override
    public String render(List<Message> messages) {
      return turns(messages, "### ", "\n", "\n\n");
    }

    @Override
    String opening() {
      return "### assistant\n";
    }
  };

  abstract String opening();

  @Override
  public String renderForReply(List<Message> messages) {
    return render(messages) + opening();
  }

  static boolean has(List<Message> messages, String role) {
    return messages.stream().anyMatch(m -> m.role().equals(role));
  }

  static String turns(List<Message> messages, String open, String after, String close) {
    StringBuilder text = new StringBuilder();
    for (Message m : messages) {
      text.append(open).append(m.role()).append(after).append(m.content()).append(close);
    }
    return text.toString();
  }
}
