using Winnow.Studio.Shell;

namespace Winnow.Studio.Images;

/// <summary>The acts of the page of one image.</summary>
internal static class ImageKeys
{
    public const int Digits = 10;

    public static readonly KeyTable Table = new("image", "Image",
    [
        new("next", ["f", "ArrowRight"], "next image"), new("previous", ["d", "ArrowLeft"], "image before"),
        new("ask-again", ["q"], "ask about it again"), new("gold", ["g"], "make it gold"),
        new("all", ["Escape"], "back to all images"),
        new("keys", ["F1", "?"], "all keys"),
        .. KeyNames.Classes(Digits, "correct it: class"),
    ]);
}
