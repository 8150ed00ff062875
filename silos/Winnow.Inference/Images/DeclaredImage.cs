namespace Winnow.Inference.Images;

/// <summary>What the header of one format says; nothing of it is checked yet.</summary>
internal readonly record struct DeclaredImage(int Width, int Height, int Frames = 1, int Orientation = ExifOrientation.Upright);
