"""What front and desk share: words, money, the stylesheet."""
