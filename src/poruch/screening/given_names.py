"""Given names whose Belarusian, Russian, Ukrainian and English forms do not fold to one skeleton.

One row a name; forms that fold alike need not all be written. A row holds forms of one official name, with the few
short forms that are official names themselves (Алесь). No form may stand in two rows; a test holds that.
"""

ROWS: tuple[tuple[str, ...], ...] = tuple(
    tuple(row.split())
    for row in """
    Александр Alexander Aleksander Алесь
    Александра Alexandra Олеся
    Алексей Олексій
    Анастасия Настасся
    Анатолий Анатоль
    Андрей Андрій Andrew
    Анна Ганна Anne
    Антон Антоній Anthony
    Артём Артемій
    Афанасий Апанас Афанас Панас
    Валерий Валер
    Василий Васіль Василь Basil
    Викентий Вікенцій Винцент Вінцэнт Vincent
    Владислав Уладыслаў
    Владимир Володимир
    Вячеслав Вацлаў Вячаслаў Вечаслаў
    Георгий Юрась Георгій Георг George
    Геннадий Генадзь
    Григорий Рыгор Григорій Gregory
    Даниил Данила Daniel Данило
    Дарья Дар'я Дарыя
    Дмитрий Дмитро Зміцер
    Евгений Яўген Євген
    Евгения Яўгенія Євгенія
    Егор Ягор Єгор
    Екатерина Кацярына Катерина Catherine Katherine
    Елена Алена Олена Helena Helen Алёна
    Елизавета Лізавета Лизавета Єлизавета Elizabeth
    Иван Ян John
    Игнатий Ігнат
    Игорь Ігар Ihor
    Илья Ілля
    Иосиф Язэп Осип Йосип Joseph Юзаф
    Ксения Ксенія Аксана Оксана Аксіння
    Лаврентий Лаўрэн
    Леонид Леанід
    Лука Лукаш Luke
    Людмила Людміла Ludmila
    Макар Макарий
    Максим Максім Maximilian
    Михаил Міхаіл Міхась Михайло Michael Michail
    Никита Мікіта Микита Nikita
    Николай Мікалай Микола Nicholas Nikolay
    Ольга Вольга
    Павел Павал Павло Paul Paweł
    Пётр Пятро Петро Peter Piotr
    Сергей Сергій Serhii Сяржук
    Степан Сцяпан Стефан
    Тарас Тарасій
    Тимофей Цімафей Тимофій Timothy
    Фёдор Хведар Федір Тодар Theodore
    Филипп Піліп Пилип Philip
    Яков Якаў Яків Якуб Jakub Jacob
    """.strip().splitlines()
)
